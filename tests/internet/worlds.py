"""Worlds of the repository that the auditor was born from, and the five situations it must get right.

README and pictures are the real ones, from the corpus beside this checkout where there is one; the settings hold the
published literals; files on Drive have the real names, shapes and sizes.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from auditor.demo.internet import DriveEntry, DriveFile, DriveFolder, HostedRepository, Page, Sharing, World
from auditor.demo.published_shapes import POSE_VARIANTS, convnext_pose, resnet50_root, training_checkpoint
from auditor.demo.virtual_files import torch_zip

CORPUS = Path(__file__).parents[3] / "shared" / "corpus"
TARGET = "medialab-ku/ConvNeXtPose"
FORK = "EstebanCabreraArbizu/ConvNeXtPose"
COMMIT = "08352eef94179bbd22e85877dc55dee0fae6e36d"
MODELS_FOLDER = "12H7zkLvmJtrkCmAUAPkQ6788WAnO60gI"
DATA = {
    "1r0B9I3XxIIW_jsXjYinDpL6NFcxTZart": "Human36M",
    "1rrL_RxhwQgwhq5BU1iIRPwl285B_KTpU": "MPII annotations",
    "1dfhFa1kBHYKLTKuprNc7xixt3yyKEky5": "MuCo",
}
MUPOTS_FILE = "1wZ_QdqDzYqz1Lh4Yqf_-dSC568CFnfA0"
LEARNABLE = {"XS": 3_528_008, "S": 7_438_976, "M": 7_587_008, "L": 8_380_352}
SIZES_MIB = {"XS": 40.58, "S": 85.41, "M": 87.10, "L": 96.19, "snapshot_18": 389.39}  # facts table

CONFIG = b"""import os
import os.path as osp
import sys


class Config:

    ## dataset
    trainset_3d = ["Human36M"]
    trainset_2d = ["MPII"]
    testset = "Human36M"

    ## model setting
    resnet_type = 50
    backbone_cfg = ([2, 2, 6, 2], [40, 80, 160, 320])
    # backbone_cfg = ([3, 3, 9, 3], [48, 96, 192, 384])
    depth = 128
    depth_dim = 32

    ## input, output
    input_shape = (256, 256)
    output_shape = (input_shape[0] // 8, input_shape[1] // 8)
    bbox_3d_shape = (2000, 2000, 2000)

    ## training config
    lr_dec_epoch = [17, 21]
    end_epoch = 70
    lr = 1e-3
    batch_size = 32


cfg = Config()
"""

INVESTIGATOR_CLAIMS = """\
source: config_variants.py of a fork
variants:
  L: {params: 197.8M, gflops: 34.4, dims: [192, 384, 768, 1536], depths: [3, 3, 27, 3], first_layer: [192, 3, 4, 4], metrics: {"MPJPE (protocol 2)": 42.3 mm}}
  M: {params: 88.6M, dims: [128, 256, 512, 1024], depths: [3, 3, 27, 3], metrics: {"MPJPE (protocol 2)": 44.6 mm}}
"""


def has_corpus() -> bool:
    """Tell whether the real README and pictures are at hand."""
    return (CORPUS / "medialab-ku__ConvNeXtPose" / "repo" / "README.md").is_file()


def corpus_files(full_name: str) -> dict[str, bytes]:
    """Return the files of a repository of the corpus, by path."""
    root = CORPUS / full_name.replace("/", "__") / "repo"
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


def network_file(name: str, variant: str, *, saved_as: str, epoch: int = 69) -> DriveFile:
    """Return a file on Drive that carries a variant's tensors (XS, S, M, L, or snapshot_18), whatever its name says."""
    entries = resnet50_root() if variant == "snapshot_18" else convnext_pose(POSE_VARIANTS[variant])
    content = torch_zip(name, saved_as, training_checkpoint(entries, epoch), layout="1.6")
    return DriveFile(_drive_id(name), name, content)


def own_file(variant: str, *, number: int = 83) -> DriveFile:
    """Return a variant's file under its own name."""
    return network_file(f"ConvNeXtPose_{variant}.tar", variant, saved_as=f"snapshot_{number}.pth")


def snapshot_18() -> DriveFile:
    """Return the stray ResNet-50 that one investigation saw."""
    return network_file("snapshot_18.pth.tar", "snapshot_18", saved_as="snapshot_18.pth", epoch=18)


def world_with(entries: tuple[DriveEntry, ...], *, sharing: Sharing = Sharing.SHARED) -> World:
    """Return the repository's world with these files in its folder of models."""
    files = {**corpus_files(TARGET), "main/config.py": CONFIG}
    repository = HostedRepository(TARGET, files, commit=COMMIT, forks=(FORK,))
    fork = HostedRepository(FORK, corpus_files(FORK), fork_of=TARGET)
    data = tuple(DriveFolder(key, name, (DriveFile(_drive_id(name), "annotations.json", b"{}"),)) for key, name in DATA.items())
    models = DriveFolder(MODELS_FOLDER, "ConvNeXtPose", entries, sharing)
    pages = {
        "https://ieeexplore.ieee.org/document/10288440/metrics": Page(b"<title>IEEE Xplore</title>"),
        "https://pytorch.org": Page(b"<title>PyTorch</title>"),
    }
    drive = (models, *data, DriveFile(MUPOTS_FILE, "MuPoTS-3D.json", b"{}"))
    return World(repositories=(repository, fork), drive=drive, pages=pages)


def all_four() -> World:
    """Drive holds XS, S, M and L: nothing is missing."""
    return world_with(tuple(own_file(variant) for variant in ("L", "M", "S", "XS")))


def two_and_a_snapshot() -> World:
    """Drive holds XS, S and snapshot_18: M and L are missing, the snapshot is foreign."""
    return world_with((own_file("S"), own_file("XS"), snapshot_18()))


def all_are_s() -> World:
    """Drive holds three files L, M, S that all carry S's tensors: L and M are mislabelled."""
    return world_with(tuple(network_file(f"ConvNeXtPose_{name}.tar", "S", saved_as="snapshot_68.pth") for name in ("L", "M", "S")))


def folder_denied() -> World:
    """The folder of models sends strangers to the sign-in page: nothing is called missing."""
    return world_with((own_file("S"),), sharing=Sharing.PRIVATE)


def folder_partial() -> World:
    """The folder shows S and XS, and a folder inside that strangers may not open: nothing is called missing."""
    inner = DriveFolder(_drive_id("larger"), "larger", (own_file("M"), own_file("L")), Sharing.PRIVATE)
    return world_with((own_file("S"), own_file("XS"), inner))


def files_denied() -> World:
    """The folder is listed whole, but M and L themselves may not be downloaded."""
    closed = tuple(replace(own_file(variant), sharing=Sharing.PRIVATE) for variant in ("M", "L"))
    return world_with((own_file("S"), own_file("XS"), *closed))


SITUATIONS = {
    "all four": all_four,
    "two and a snapshot": two_and_a_snapshot,
    "all are S": all_are_s,
    "folder denied": folder_denied,
    "folder partial": folder_partial,
}


def _drive_id(name: str) -> str:
    """Return an id as Drive makes them, the same for the same name."""
    import hashlib

    return "1" + hashlib.sha256(name.encode()).hexdigest()[:32]
