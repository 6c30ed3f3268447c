"""SEE, put together: the stages that join several rooms and gather Facts. All input and output of an audit happens below here."""
