"""The demo's own world: an invented paper that claims four variants and releases two of them, with a stray snapshot.

Names and shapes of the checkpoints are those of a published network and of its common baseline; README, settings and
table pictures are the project's own (`files/`, drawn by tools/draw_demo_pictures.py).
"""

from __future__ import annotations

from importlib import resources

from auditor.demo.internet import DriveFile, DriveFolder, HostedIssue, HostedRepository, Page, World
from auditor.demo.published_shapes import POSE_VARIANTS, convnext_pose, resnet50_root, training_checkpoint
from auditor.demo.replica import ReplicaAdapter
from auditor.demo.virtual_files import VirtualFile, torch_zip

DEMO_TARGET = "example-lab/wader-pose"
MODELS_FOLDER = "1WaderTrainedNetworks000000000004"
QUESTION = HostedIssue(
    7,
    "Where are the checkpoints for the small variants?",
    "The README says that trained networks are in a Drive folder, but it was empty last week.",
    state="closed",
)
OTHER_QUESTION = HostedIssue(9, "Typo in the settings", "`lr_dec_epoch` is spelled in two ways.", state="closed")


def demo_transport() -> ReplicaAdapter:
    """Return the transport that stands in for the whole network during `audit demo`."""
    return ReplicaAdapter(demo_world())


def demo_world() -> World:
    """Return the demo's world."""
    return World(repositories=(_repository(),), drive=_drive(), pages=_pages())


def pose_checkpoint(name: str, variant: str, *, saved_as: str = "snapshot_69.pth", epoch: int = 69) -> VirtualFile:
    """Return the training checkpoint of a published variant (XS, S, M, L) under any name."""
    return torch_zip(name, saved_as, training_checkpoint(convnext_pose(POSE_VARIANTS[variant]), epoch))


def root_checkpoint(name: str = "snapshot_18.pth.tar", *, saved_as: str = "snapshot_18.pth", epoch: int = 18) -> VirtualFile:
    """Return the training checkpoint of a ResNet-50 with RootNet's layers."""
    return torch_zip(name, saved_as, training_checkpoint(resnet50_root(), epoch))


def _repository() -> HostedRepository:
    """Return the invented repository."""
    files = {
        "README.md": _file("README.md"),
        "main/config.py": _file("config.py.txt"),
        "assets/shorewalk_aligned.png": _file("shorewalk_aligned.png"),
        "assets/shorewalk_absolute.png": _file("shorewalk_absolute.png"),
        "main/train.py": b'"""Trains the network that config.py describes."""\n\nfrom config import cfg\n\nprint(cfg.end_epoch)\n',
        "requirements.txt": b"torch\nnumpy\n",
        "LICENSE": b"This repository is part of a demonstration.\n",
    }
    return HostedRepository(
        DEMO_TARGET,
        files,
        description="Small networks that find 3D poses on the beach",
        forks=("example-reader/wader-pose", "example-student/wader-pose"),
        issues=(QUESTION, OTHER_QUESTION),
    )


def _drive() -> tuple[DriveFolder | DriveFile, ...]:
    """Return the folder of trained networks, and the data that no audit needs to open."""
    networks = (
        DriveFile("1WaderNetworkXS000000000000000005", "Wader_XS.tar", pose_checkpoint("Wader_XS.tar", "XS")),
        DriveFile(
            "1WaderNetworkS0000000000000000006", "Wader_S.tar", pose_checkpoint("Wader_S.tar", "S", saved_as="snapshot_68.pth", epoch=68)
        ),
        DriveFile("1WaderSnapshot18000000000000000007", "snapshot_18.pth.tar", root_checkpoint()),
    )
    annotations = (DriveFile("1WaderShoreWalkJson00000000000008", "shorewalk_test.json", b'{"images": [], "annotations": []}'),)
    return (
        DriveFolder(MODELS_FOLDER, "Wader trained networks", networks),
        DriveFolder("1WaderShoreWalkAnnotations00000001", "ShoreWalk annotations", annotations),
        DriveFile("1WaderDuneRunAnnotations000000002", "dunerun.json", b'{"images": [], "annotations": []}'),
        DriveFile("1WaderTestBoxes000000000000000003", "boxes_test.json", b"[]"),
    )


def _pages() -> dict[str, Page]:
    """Return the pages that the README links."""
    titles = {
        "https://papers.example.org/wader-2025": "Wader: Pose Estimation at the Waterline",
        "https://data.example.org/shorewalk": "ShoreWalk: pictures",
        "https://data.example.org/dunerun": "DuneRun: pictures",
        "https://pytorch.org": "PyTorch",
    }
    return {url: Page(f"<title>{title}</title><h1>{title}</h1>".encode()) for url, title in titles.items()}


def _file(name: str) -> bytes:
    """Return one of the files beside this module."""
    return resources.files("auditor.demo").joinpath("files", name).read_bytes()
