"""Files that torch itself wrote: what was saved is what is read."""

from __future__ import annotations

from collections import OrderedDict
from types import SimpleNamespace

import pytest
from format_files import checkpoint, only, rezipped, saved, shapes, tarred, zip_items, zipped

torch = pytest.importorskip("torch")
nn = torch.nn


def network() -> nn.Module:
    return nn.Sequential(OrderedDict(conv=nn.Conv2d(3, 8, 3), norm=nn.BatchNorm2d(8), head=nn.Linear(8, 5)))


def trained(module: nn.Module, optimizer: torch.optim.Optimizer) -> torch.optim.Optimizer:
    for parameter in module.parameters():
        parameter.grad = torch.zeros_like(parameter)
    optimizer.step()
    return optimizer


EXPECTED = {name: tuple(value.shape) for name, value in network().state_dict().items()}
BOTH = pytest.mark.parametrize("legacy", [False, True], ids=["zip", "legacy"])


@BOTH
@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_a_state_dict_at_the_root(legacy, protocol):
    found = checkpoint(saved(network().state_dict(), legacy=legacy, protocol=protocol))
    assert shapes(found) == EXPECTED
    assert [tensor.name for tensor in found.tensors] == list(EXPECTED)
    assert (found.state_key, found.prefix, found.safety.verdict, found.warnings) == (None, "", "plain", ())
    assert found.format == ("torch_legacy" if legacy else "torch_zip")
    assert {tensor.dtype for tensor in found.tensors} == {"float32", "int64"}


@BOTH
def test_the_snapshot_of_a_data_parallel_network_with_adamw(legacy):
    module = nn.DataParallel(network())
    optimizer = trained(module, torch.optim.AdamW(module.parameters()))
    data = saved({"epoch": 83, "network": module.state_dict(), "optimizer": optimizer.state_dict()}, legacy=legacy)
    found = checkpoint(data)
    assert shapes(found) == EXPECTED
    assert (found.state_key, found.prefix) == ("network", "module.")
    assert found.training.epoch == 83
    assert found.training.optimizer == "Adam or AdamW"
    learnable = sum(p.numel() for p in module.parameters())
    steps = len(list(module.parameters()))
    assert found.training.optimizer_bytes == 2 * 4 * learnable + 4 * steps
    assert found.storage_bytes == found.training.optimizer_bytes + sum(v.numel() * v.element_size() for v in module.state_dict().values())
    assert found.size == len(data)
    assert (found.safety.verdict, found.warnings) == ("plain", ())


def test_the_root_folder_is_the_name_it_was_saved_under(tmp_path):
    data = saved(network().state_dict(), root="snapshot_83.pth.tar", folder=tmp_path)
    assert checkpoint(data).saved_as == "snapshot_83.pth"
    assert checkpoint(saved(network().state_dict())).saved_as == "archive"


@pytest.mark.parametrize("deflate", [False, True])
def test_unpacked_and_zipped_again(deflate):
    data = rezipped(saved({"network": network().state_dict()}), "snapshot_83.pth", deflate=deflate)
    found = checkpoint(data)
    assert (found.saved_as, found.member, found.warnings) == ("snapshot_83.pth", None, ())
    assert shapes(found) == EXPECTED
    junk = zipped([*zip_items(data), ("__MACOSX/._snapshot_83.pth", b"\0\5\x16\7"), ("snapshot_83.pth/.DS_Store", b"x")])
    assert checkpoint(junk).saved_as == "snapshot_83.pth"


def test_the_order_of_members_does_not_matter():
    items = zip_items(rezipped(saved(network().state_dict()), "a/b/deep.pth"))
    found = checkpoint(zipped(items[::-1]))
    assert (shapes(found), found.saved_as) == (EXPECTED, "deep.pth")


def test_two_unpacked_checkpoints_in_one_zip():
    first, second = saved(network().state_dict()), saved({"model": network().state_dict()})
    from auditor.blob import BytesBlob
    from auditor.formats.reading import read_contents

    data = zipped(zip_items(rezipped(first, "x/one.pth")) + zip_items(rezipped(second, "x/two.pth")))
    found = read_contents(BytesBlob(data))
    assert [(item.member, item.saved_as, item.state_key) for item in found] == [
        ("x/one.pth", "one.pth", None),
        ("x/two.pth", "two.pth", "model"),
    ]


def test_shared_storages_views_and_types():
    base = torch.zeros(10, 10)
    value = {
        "tied.weight": base,
        "tied.too": base,
        "view": base[2:4, 3:],
        "transposed": base.t(),
        "half": torch.zeros(3, dtype=torch.float16),
        "brain": torch.zeros(3, dtype=torch.bfloat16),
        "byte": torch.zeros(3, dtype=torch.uint8),
        "truth": torch.zeros(3, dtype=torch.bool),
        "small": torch.zeros(3, dtype=torch.int8),
        "complex": torch.zeros(3, dtype=torch.complex64),
        "eight": torch.zeros(3, dtype=torch.float8_e4m3fn),
        "wide": torch.zeros(3, 2, dtype=torch.uint16),
        "scalar": torch.tensor(1.0),
        "empty": torch.zeros(0, 4),
        "meta": torch.zeros(4, 5, device="meta"),
        "sparse": torch.eye(3).to_sparse(),
        "learns": nn.Parameter(torch.zeros(2)),
    }
    found = checkpoint(saved(value))
    assert shapes(found) == {name: tuple(item.shape) for name, item in value.items()}
    kinds = {tensor.name: tensor.dtype for tensor in found.tensors}
    assert kinds == {name: str(item.dtype).removeprefix("torch.") for name, item in value.items()}
    keys = {tensor.name: tensor.storage for tensor in found.tensors}
    assert keys["tied.weight"] == keys["tied.too"] == keys["view"] == keys["transposed"] != keys["half"]
    assert {tensor.name: tensor.is_parameter for tensor in found.tensors}["learns"] is True
    assert found.warnings == ()
    assert found.safety.verdict == "plain"


@pytest.mark.filterwarnings("ignore")
@BOTH
def test_quantized_tensors(legacy):
    per_tensor = torch.quantize_per_tensor(torch.zeros(3, 4), 0.1, 0, torch.qint8)
    per_channel = torch.quantize_per_channel(torch.zeros(3, 4), torch.ones(3), torch.zeros(3), 0, torch.quint8)
    found = checkpoint(saved({"a.weight": per_tensor, "b.weight": per_channel, "fc._packed": (per_tensor, None)}, legacy=legacy))
    assert shapes(found) == {"a.weight": (3, 4), "b.weight": (3, 4), "fc._packed.0": (3, 4)}
    assert [tensor.dtype for tensor in found.tensors] == ["qint8", "quint8", "qint8"]
    assert found.safety.verdict == "plain"


class Block(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 1)
        self.norm = nn.BatchNorm2d(4)
        self.register_buffer("passing", torch.zeros(3), persistent=False)
        self.again = self.conv


@pytest.mark.filterwarnings("ignore")
@BOTH
def test_a_whole_pickled_module(legacy):
    module = nn.DataParallel(nn.Sequential(Block(), nn.Linear(4, 2)))
    found = checkpoint(saved({"model": module, "best_acc1": 71.5}, legacy=legacy))
    assert shapes(found) == {name: tuple(value.shape) for name, value in module.module.state_dict().items()}
    assert (found.state_key, found.prefix) == ("model", "module.")
    learns = {name for name, _ in module.module.named_parameters(remove_duplicate=False)}
    assert {tensor.name for tensor in found.tensors if tensor.is_parameter} == learns
    assert {tensor.name for tensor in found.tensors if tensor.is_parameter is False} == set(shapes(found)) - learns
    assert found.safety.verdict == "suspicious"
    assert any("Block" in reason for reason in found.safety.reasons)
    assert found.training.recorded_metrics == (("best_acc1", 71.5),)


@pytest.mark.filterwarnings("ignore")
def test_torchscript(tmp_path):
    module = nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8))
    torch.jit.save(torch.jit.script(module), tmp_path / "scripted.pt")
    found = checkpoint((tmp_path / "scripted.pt").read_bytes())
    assert found.format == "torchscript"
    assert shapes(found) == {name: tuple(value.shape) for name, value in module.state_dict().items()}
    assert found.safety.reasons == ("carries TorchScript code",)
    assert found.saved_as == "scripted"


@pytest.mark.parametrize(
    "key",
    ["network", "state_dict", "model", "model_state_dict", "net", "params", "params_ema", "ema", "generator", "weights", "anything at all"],
)
def test_where_the_state_dict_is(key):
    found = checkpoint(saved({key: network().state_dict(), "epoch": 3}))
    assert (found.state_key, shapes(found), found.training.epoch) == (key, EXPECTED, 3)


def test_the_network_before_its_average_and_its_opponent():
    large = {f"d{n}": torch.zeros(1) for n in range(40)}
    value = {
        "model_ema": network().state_dict(),
        "discriminator": large,
        "teacher": network().state_dict(),
        "nested": {"model": network().state_dict()},
    }
    found = checkpoint(saved(value))
    assert found.state_key == "nested.model"
    said = "\n".join(found.warnings)
    assert "'model_ema' (an average" in said
    assert "'discriminator' (a discriminator" in said
    assert "'teacher' (an average" in said


def test_an_average_alone_is_the_network():
    assert checkpoint(saved({"params_ema": network().state_dict(), "queue": torch.zeros(2)})).state_key == "params_ema"


def test_parts_of_one_network_side_by_side_are_one_network():
    found = checkpoint(saved({"epoch": 1, "encoder": network().state_dict(), "decoder": {"w": torch.zeros(2)}}))
    assert found.state_key is None
    assert shapes(found) == {**{f"encoder.{name}": shape for name, shape in EXPECTED.items()}, "decoder.w": (2,)}
    found = checkpoint(saved({"nets": {"backbone": network().state_dict(), "head": {"w": torch.zeros(2)}}, "opt": 3}))
    assert (found.state_key, len(found.tensors)) == ("nets", len(EXPECTED) + 1)
    found = checkpoint(saved({"model_pos": network().state_dict(), "model_traj": {"w": torch.zeros(2)}}))
    assert (found.state_key, len(found.tensors), len(found.warnings)) == ("model_pos", len(EXPECTED), 1)


class Wrapped:
    def __init__(self, inner: torch.Tensor) -> None:
        self.inner = inner


def test_entries_that_are_not_understood_are_not_passed_over_in_silence():
    found = checkpoint(saved({**network().state_dict(), "packed": Wrapped(torch.zeros(2))}))
    assert shapes(found) == EXPECTED
    assert found.warnings[-1] == "1 entries of the state dict are of classes that are not understood and were not counted: packed"
    assert checkpoint(saved({**network().state_dict(), "config": SimpleNamespace(a=1)})).warnings == ()


def test_a_tuple_and_a_list_at_the_root():
    assert checkpoint(saved((network().state_dict(), 3))).state_key == "0"
    assert checkpoint(saved({"models": [network().state_dict()]})).state_key == "models.0"


@pytest.mark.parametrize(
    ("names", "prefix", "left"),
    [
        (["module.a", "module.b"], "module.", ["a", "b"]),
        (["module.model.a", "module.model.b"], "module.model.", ["a", "b"]),
        (["_orig_mod.module.a.w"], "_orig_mod.module.", ["a.w"]),
        (["model.a", "loss.b"], "", ["model.a", "loss.b"]),
        (["backbone.a", "backbone.b"], "", ["backbone.a", "backbone.b"]),
        (["encoder.a"], "", ["encoder.a"]),
        (["module.backbone.a"], "module.", ["backbone.a"]),
        (["n_averaged", "module.a"], "module.", ["n_averaged", "a"]),
        (["module", "module.a"], "", ["module", "module.a"]),
        (["model.model.model"], "model.model.", ["model"]),
        (["n_averaged"], "", ["n_averaged"]),
    ],
)
def test_only_wrapper_words_are_stripped(names, prefix, left):
    found = checkpoint(saved({name: torch.zeros(1) for name in names}))
    assert (found.prefix, [tensor.name for tensor in found.tensors]) == (prefix, left)


@pytest.mark.parametrize(
    ("make", "kind"),
    [
        (lambda p: torch.optim.Adam(p), "Adam or AdamW"),
        (lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9), "SGD with momentum"),
        (lambda p: torch.optim.SGD(p, lr=0.1), "SGD, without its state"),
        (lambda p: torch.optim.RMSprop(p), "RMSprop"),
        (lambda p: torch.optim.Adagrad(p), "Adagrad"),
        (lambda p: torch.optim.Adadelta(p), "Adadelta"),
        (lambda p: torch.optim.Adamax(p), "Adamax"),
        (lambda p: torch.optim.NAdam(p), "NAdam"),
    ],
)
def test_the_kind_of_optimizer(make, kind):
    module = network()
    optimizer = trained(module, make(module.parameters()))
    found = checkpoint(saved({"model": module.state_dict(), "optim": [optimizer.state_dict()]}))
    assert found.training.optimizer == kind
    assert found.state_key == "model"
    assert not any("optim" in warning for warning in found.warnings)


def test_an_optimizer_that_was_never_stepped_is_said_without_bytes():
    module = network()
    found = checkpoint(saved({"model": module.state_dict(), "optimizer": torch.optim.AdamW(module.parameters()).state_dict()}))
    assert (found.training.optimizer, found.training.optimizer_bytes) == ("Adam or AdamW, without its state", 0)


def test_a_lightning_checkpoint():
    import argparse
    from pathlib import PurePosixPath

    module = nn.ModuleDict({"model": network()})
    value = {
        "epoch": 7,
        "global_step": 1234,
        "pytorch-lightning_version": "2.1.0",
        "state_dict": module.state_dict(),
        "loops": {"fit_loop": {"state_dict": {}}},
        "callbacks": {
            "ModelCheckpoint{'monitor': 'val_loss'}": {"monitor": "val_loss", "best_model_score": 0.25, "best_model_path": "best.ckpt"}
        },
        "optimizer_states": [torch.optim.AdamW(module.parameters()).state_dict()],
        "lr_schedulers": [],
        "hyper_parameters": {"lr": 0.001, "arch": "resnet50", "loss_weight": 2.0, "where": PurePosixPath("/data")},
        "args": argparse.Namespace(batch_size=32, dataset="h36m"),
    }
    found = checkpoint(saved(value))
    assert (found.state_key, found.prefix, shapes(found)) == ("state_dict", "model.", EXPECTED)
    assert found.training.epoch == 7
    assert dict(found.training.recorded_metrics) == {"callbacks.ModelCheckpoint{'monitor': 'val_loss'}.best_model_score": 0.25}
    metadata = dict(found.training.metadata)
    assert metadata["pytorch-lightning_version"] == "2.1.0"
    assert metadata["hyper_parameters.arch"] == "resnet50"
    assert metadata["args.dataset"] == "h36m"
    assert metadata["args"] == "object of argparse.Namespace"
    assert metadata["hyper_parameters.where"].endswith("/data")
    assert found.safety.verdict == "plain"


def test_metrics_of_every_plain_kind():
    import numpy

    value = {
        "model": network().state_dict(),
        "best_acc1": numpy.float64(76.5),
        "val_loss": 0.5,
        "metrics": {"mIoU": numpy.float32(0.5), "epoch_time": 3.0},
        "nan_loss": float("nan"),
        "best": True,
        "iteration": 10,
        "note": "x" * 500,
    }
    found = checkpoint(saved(value))
    assert dict(found.training.recorded_metrics) == {"best_acc1": 76.5, "val_loss": 0.5, "metrics.mIoU": 0.5, "metrics.epoch_time": 3.0}
    assert found.training.epoch == 10
    assert len(dict(found.training.metadata)["note"]) == 200
    assert found.safety.verdict == "plain"


def test_numpy_arrays_nested_layer_by_layer():
    import pickle

    import numpy

    tree = {f"layer{n}": {"w": numpy.zeros((n + 1, 4), "f4"), "b": numpy.zeros(4, "f8")} for n in range(5)}
    for protocol in (2, 4, 5):
        found = checkpoint(pickle.dumps({"model": tree}, protocol=protocol))
        assert (found.format, found.state_key) == ("pickle", "model")
        assert shapes(found)["layer3.w"] == (4, 4)
        assert {tensor.dtype for tensor in found.tensors} == {"float32", "float64"}
        assert found.safety.verdict == "plain"


def test_unknown_classes_are_suspicious_and_do_not_hide_the_weights():
    found = checkpoint(saved({"state_dict": network().state_dict(), "cfg": SimpleNamespace(a=1), "extra": Block.forward}))
    assert shapes(found) == EXPECTED
    assert found.safety.verdict in ("suspicious", "dangerous")


def test_a_big_endian_or_little_endian_file_says_so():
    assert ("byteorder", "little") in checkpoint(saved(network().state_dict())).training.metadata
    assert ("byteorder", "little") in checkpoint(saved(network().state_dict(), legacy=True)).training.metadata


def test_the_digest_is_of_the_header_alone():
    zeros, ones = network(), network()
    for parameter in ones.parameters():
        nn.init.ones_(parameter)
    first, second = checkpoint(saved(zeros.state_dict())), checkpoint(saved(ones.state_dict()))
    assert first.sha256 == second.sha256
    assert first.sha256 != checkpoint(saved({"x": zeros.state_dict()})).sha256
    assert checkpoint(tarred([("a.pth", saved(zeros.state_dict()))])).sha256 == first.sha256


@BOTH
def test_a_result_without_tensors_is_no_checkpoint(legacy):
    found = only(saved({"mAP": 0.5, "boxes": [1, 2, 3]}, legacy=legacy))
    assert (found.kind, str(found.status)) == ("not_a_checkpoint", "ok")


def test_a_storage_that_is_missing_or_short_is_a_warning():
    items = zip_items(saved({"a": torch.zeros(4), "b": torch.zeros(8)}))
    without = zipped([item for item in items if item[0] != "archive/data/1"])
    assert checkpoint(without).warnings == ("storage '1' is not in the archive",)
    short = zipped([(name, data[:-4] if name == "archive/data/1" else data) for name, data in items])
    assert "has 28 bytes, the pickle says 32" in checkpoint(short).warnings[0]


def test_a_legacy_file_cut_in_its_storages_is_still_described():
    data = saved(network().state_dict(), legacy=True)
    found = checkpoint(data[:-100])
    assert shapes(found) == EXPECTED
    assert found.warnings == ("the file ends 100 bytes before the end of its last storage: it was cut short",)
    assert checkpoint(data).warnings == ()
