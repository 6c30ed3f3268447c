"""The harness that runs the whole program against a world, through the real hostnames, on the loopback interface."""
