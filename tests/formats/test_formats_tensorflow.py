"""TensorFlow: checkpoints by their index alone, version 1, frozen graphs and SavedModels."""

from __future__ import annotations

import pytest
from format_files import CountingBlob, checkpoint, shapes, tarred, unreadable
from graph_files import (
    bundle,
    bundle_entry,
    checkpoint_v1,
    field,
    message,
    number,
    saved_model,
    snappy_literals,
    sorted_table,
    table_block,
    tf_const,
    tf_function,
    tf_graph,
    tf_node,
    tf_shape,
)

from auditor.blob import BytesBlob
from auditor.errors import FormatError, LimitError
from auditor.facts import Status, Unreadable
from auditor.formats.interface import Limits
from auditor.formats.reading import read_contents
from auditor.formats.snappy import unpack
from auditor.formats.tensorflow_checkpoint import TensorFlowCheckpoint

VALUE = "/.ATTRIBUTES/VARIABLE_VALUE"
FIRST = {
    "resnet/conv1/weights": bundle_entry((7, 7, 3, 64)),
    "resnet/conv1/weights/Adam": bundle_entry((7, 7, 3, 64)),
    "resnet/conv1/weights/Adam_1": bundle_entry((7, 7, 3, 64)),
    "resnet/conv1/weights/ExponentialMovingAverage": bundle_entry((7, 7, 3, 64)),
    "resnet/conv1/BatchNorm/gamma": bundle_entry((64,)),
    "resnet/conv1/BatchNorm/moving_mean": bundle_entry((64,)),
    "beta1_power": bundle_entry(()),
    "beta2_power": bundle_entry(()),
    "global_step": bundle_entry((), 9),
}
SECOND = {
    "_CHECKPOINTABLE_OBJECT_GRAPH": bundle_entry((), 7, 312),
    f"model/layer_with_weights-0/kernel{VALUE}": bundle_entry((3, 3, 3, 16)),
    f"model/layer_with_weights-0/kernel/.OPTIMIZER_SLOT/optimizer/m{VALUE}": bundle_entry((3, 3, 3, 16)),
    f"model/layer_with_weights-0/kernel/.OPTIMIZER_SLOT/optimizer/v{VALUE}": bundle_entry((3, 3, 3, 16)),
    f"model/layer_with_weights-1/moving_variance{VALUE}": bundle_entry((16,)),
    f"model/keras_api/metrics/0/total{VALUE}": bundle_entry(()),
    f"optimizer/iter{VALUE}": bundle_entry((), 9),
    f"optimizer/learning_rate{VALUE}": bundle_entry(()),
    f"save_counter{VALUE}": bundle_entry((), 9),
}
DECOY = bundle({"_CHECKPOINTABLE_OBJECT_GRAPH": bundle_entry((), 7, 312)})
GRAPH = tf_graph(
    tf_node("input", "Placeholder"),
    tf_const("conv1/weights", (3, 3, 3, 8)),
    tf_const("bn/moving_mean", (8,)),
    tf_const("shape", (2,), 3),
    tf_const("eps", ()),
    tf_node("Conv2D", "Conv2D", message((1, "strides"), (2, field(1, field(3, 1))))),
)


class TestVersion2:
    @pytest.mark.parametrize("packed", [False, True])
    @pytest.mark.parametrize("per_block", [2, 40])
    def test_weights_apart_from_optimizer_average_and_counters(self, packed, per_block):
        found = checkpoint(bundle(FIRST, packed=packed, per_block=per_block))
        assert shapes(found) == {
            "resnet/conv1/weights": (7, 7, 3, 64),
            "resnet/conv1/BatchNorm/gamma": (64,),
            "resnet/conv1/BatchNorm/moving_mean": (64,),
        }
        assert {tensor.name: tensor.is_parameter for tensor in found.tensors}["resnet/conv1/BatchNorm/moving_mean"] is False
        assert (found.format, found.header_name) == ("tensorflow_checkpoint", "index")
        assert found.training.optimizer == "Adam or AdamW"
        assert found.training.optimizer_bytes == 2 * 4 * 9408 + 8
        assert found.warnings == ("also holds 1 running averages of weights (an average or teacher)",)
        assert ("checkpoint version", "2") in found.training.metadata
        assert ("counter", "global_step") in found.training.metadata
        assert found.storage_bytes == 4 * 4 * 9408 + 2 * 256 + 16

    def test_objects_of_version_two(self):
        found = checkpoint(bundle(SECOND))
        assert shapes(found) == {"model/layer_with_weights-0/kernel": (3, 3, 3, 16), "model/layer_with_weights-1/moving_variance": (16,)}
        assert found.training.optimizer == "Adam or AdamW"
        assert found.training.optimizer_bytes == 2 * 4 * 432 + 12
        assert found.warnings == ()

    def test_averages_are_the_weights_where_nothing_else_was_saved(self):
        found = checkpoint(bundle({"w/ExponentialMovingAverage": bundle_entry((3, 4))}))
        assert shapes(found) == {"w/ExponentialMovingAverage": (3, 4)}

    @pytest.mark.parametrize(
        ("slots", "kind"),
        [
            (["w/Momentum"], "SGD with momentum"),
            (["w/RMSProp", "w/RMSProp_1"], "RMSprop"),
            (["w/adam_m", "w/adam_v"], "Adam or AdamW"),
            (["w/Adagrad"], "Adagrad"),
            (["w_slot_vr", "w_slot_vc"], "Adafactor"),
            (["training/Adam/w/m", "training/Adam/w/v"], "Adam or AdamW"),
            ([f"w/.OPTIMIZER_SLOT/optimizer/momentum{VALUE}"], "SGD with momentum"),
            ([f"w/.OPTIMIZER_SLOT/optimizer/rms{VALUE}"], "RMSprop"),
            ([f"optimizer/_variables/1{VALUE}"], "present"),
            (["w/FancyOptimizer"], "present"),
        ],
    )
    def test_optimizers_by_their_slots(self, slots, kind):
        found = checkpoint(bundle({"w": bundle_entry((5, 5)), **{slot: bundle_entry((5, 5)) for slot in slots}}))
        assert shapes(found) == {"w": (5, 5)}
        assert found.training.optimizer == kind
        assert found.training.optimizer_bytes == 100 * len(slots)

    def test_the_index_of_a_saved_model_without_weights(self):
        """The decoy of FIELD.md, section 4: an index of 145 bytes with nothing but the graph of objects."""
        assert len(DECOY) == 145
        found = unreadable(DECOY)
        assert (found.kind, found.status) == ("not_a_checkpoint", Status.OK)
        assert "no weights in it" in found.reason

    def test_partitioned_variables_count_once(self):
        whole = bundle_entry((100, 8), size=0, more=field(7, b"") + field(7, b""))
        parts = {f"\x00embedding\x00\x01{n}": bundle_entry((50, 8)) for n in range(2)}
        assert shapes(checkpoint(bundle({"embedding": whole, **parts}))) == {"embedding": (100, 8)}

    def test_entries_that_lie(self):
        for entry in (
            bundle_entry((5, 5), size=99),
            bundle_entry((5, 5), shard=7),
            bundle_entry((1 << 40, 1 << 40), size=1),
            field(1, b"text") + field(2, b""),
        ):
            assert unreadable(bundle({"w": entry})).kind == "broken"

    def test_a_large_index_is_read_in_few_requests(self):
        names = {f"encoder/layer_{n}/attention/self/query/kernel": bundle_entry((64, 64)) for n in range(20_000)}
        blob = CountingBlob(bundle(names))
        (found,) = read_contents(blob)
        assert len(found.tensors) == 20_000
        assert blob.size > 800_000
        assert len(blob.reads) <= 4

    def test_values_alone_are_told_by_name_where_bytes_say_nothing(self):
        data = bytes([0x3D, 0xE1, 0x07, 0xBF]) * 500
        (found,) = read_contents(BytesBlob(data, "model.ckpt-100.data-00000-of-00002"))
        assert (found.kind, found.status) == ("not_a_checkpoint", Status.OK)
        assert found.reason == "values of a TensorFlow checkpoint; names and shapes are in its .index"
        assert read_contents(BytesBlob(data, "model.data"))[0].kind == "unsupported"
        (found,) = read_contents(BytesBlob(bytes.fromhex("08c1b2b482fdd8ae"), "a/fingerprint.pb"))
        assert (found.kind, found.status) == ("not_a_checkpoint", Status.OK)
        assert read_contents(BytesBlob(b"<html><title>Sign in</title>", "model.ckpt.data-00000-of-00001"))[0].kind == "html"

    def test_an_index_in_a_container(self):
        data = tarred([("m/model.ckpt.data-00000-of-00001", bytes([1, 2, 3, 0xF0]) * 300), ("m/model.ckpt.index", bundle(FIRST))])
        (found,) = read_contents(BytesBlob(data))
        assert (found.member, found.format) == ("m/model.ckpt.index", "tensorflow_checkpoint")

    def test_values_in_a_container_without_their_index_are_not_passed_over(self):
        values = ("m/model.ckpt.data-00000-of-00001", bytes([1, 2, 3, 0xF0]) * 300)
        (found,) = read_contents(BytesBlob(tarred([values, ("m/readme.txt", b"text")])))
        assert (found.kind, found.status) == ("unsupported", Status.SKIPPED)
        assert "without .index" in found.reason
        (found,) = read_contents(BytesBlob(tarred([values, ("m/model.ckpt.index", DECOY)])))
        assert (found.kind, found.status) == ("not_a_checkpoint", Status.OK)


class TestVersion1:
    @pytest.mark.parametrize("packed", [False, True])
    def test_the_list_stands_in_the_first_entry(self, packed):
        variables = {"conv/weights": ((3, 3, 3, 8), 1), "conv/weights/Momentum": ((3, 3, 3, 8), 1), "global_step": ((), 9)}
        found = checkpoint(checkpoint_v1(variables, packed=packed))
        assert shapes(found) == {"conv/weights": (3, 3, 3, 8)}
        assert (found.header_name, found.training.optimizer) == ("meta", "SGD with momentum")

    def test_values_are_not_read(self):
        blob = CountingBlob(checkpoint_v1({f"w{n}": ((5, 5), 1) for n in range(3000)}, values=3000))
        assert len(read_contents(blob)[0].tensors) == 3000
        assert blob.size > 800_000
        assert len(blob.reads) <= 4
        assert blob.bytes_read < 400_000


class TestTables:
    def test_a_table_of_another_program(self):
        found = unreadable(sorted_table([(b"key", b"value")]))
        assert (found.kind, found.status) == ("unsupported", Status.SKIPPED)

    @pytest.mark.parametrize("data", [b"", b"\x00\x00\x01\x00" + bytes(200), b"\x00\x00\x00\x18ftypmp42" + bytes(100), bytes(5000)])
    def test_other_files_that_begin_with_zeros(self, data):
        assert not TensorFlowCheckpoint().accepts(data, len(data))

    def test_a_table_without_its_end(self):
        data = bundle(FIRST)
        assert unreadable(data[:-1]).kind == "truncated"
        assert unreadable(data[: len(data) // 2]).kind == "truncated"

    def test_blocks_that_overlap_or_lie_outside(self):
        good = bundle(FIRST)
        for places in ([(0, 20), (10, 20)], [(0, 1 << 40)], [(1 << 60, 5)]):
            index = table_block([(b"k%d" % n, number(offset) + number(length)) for n, (offset, length) in enumerate(places)], 1)
            at = len(good)
            data = good + index + bytes(5)
            footer = number(0) + number(0) + number(at) + number(len(index))
            found = unreadable(data + footer.ljust(40, b"\x00") + good[-8:])
            assert found.kind in ("broken", "truncated")

    def test_many_long_keys_out_of_shared_prefixes(self):
        """Each entry adds a byte to a key of 60 kB: a small block that asks for gigabytes of keys."""
        entries = bytearray(number(0) + number(60_000) + number(0) + b"k" * 60_000)
        for _ in range(60_000):
            entries += number(60_000) + number(0) + number(0)
        head = number(0) + number(0) + number(6) + b"\x08\x01\x1a\x02\x08\x01"
        block = head + bytes(entries) + bytes(4) + b"\x01\x00\x00\x00"
        data = block + bytes(5)
        index = table_block([(b"z", number(0) + number(len(block)))], 1)
        footer = number(0) + number(0) + number(len(data)) + number(len(index))
        found = unreadable(data + index + bytes(5) + footer.ljust(40, b"\x00") + bundle(FIRST)[-8:])
        assert found.kind == "limit"


class TestSnappy:
    def test_literals_and_copies(self):
        data = b"abc" * 50 + bytes(500) + bytes(range(256))
        assert unpack(snappy_literals(data), 1 << 20) == data
        assert unpack(number(10) + b"\x08abc" + bytes([3 << 2 | 1, 3]), 100) == b"abcabcabca"
        assert unpack(number(7) + b"\x08abc" + bytes([3 << 2 | 3]) + (2).to_bytes(4, "little"), 100) == b"abcbcbc"

    def test_lengths_that_lie(self):
        with pytest.raises(LimitError):
            unpack(number(1 << 31) + b"\x00a", 1 << 20)
        for data in (
            number(100) + b"\x08abc",
            number(2) + b"\x08abc",
            number(10) + bytes([3 << 2 | 1, 3]),
            number(10) + b"\x08ab",
            number(9) + b"\x08abc" + bytes([2 << 2 | 2, 9, 0]),
            number(9) + b"\x08abc" + bytes([2 << 2 | 2, 9]),
            number(9) + b"\xf4\xff",
            b"\xff\xff\xff\xff\xff\xff",
            b"",
        ):
            with pytest.raises(FormatError):
                unpack(data, 1 << 20)


class TestGraphs:
    def test_the_constants_of_a_frozen_graph(self):
        found = checkpoint(GRAPH)
        assert shapes(found) == {"conv1/weights": (3, 3, 3, 8), "bn/moving_mean": (8,)}
        assert [tensor.is_parameter for tensor in found.tensors] == [None, False]
        assert found.format == "tensorflow_graph"
        assert dict(found.training.metadata)["constants that are no weights"] == "2"
        assert found.warnings[0].startswith("an exported graph")

    def test_quantized_weights_and_functions(self):
        library = tf_function("inner", tf_const("w", (4, 4), 11, bytes(16)))
        found = checkpoint(tf_graph(tf_const("a", (2, 2)), library=library))
        assert shapes(found) == {"a": (2, 2), "inner/w": (4, 4)}
        assert [tensor.dtype for tensor in found.tensors] == ["float32", "qint8"]
        assert found.tensors[1].is_parameter is True

    def test_a_graph_whose_variables_lie_elsewhere(self):
        found = unreadable(tf_graph(tf_node("w", "VariableV2"), tf_node("y", "MatMul")))
        assert (found.kind, found.status) == ("not_a_checkpoint", Status.OK)
        assert "1 variables lie in a checkpoint" in found.reason
        first_values = tf_graph(tf_node("w", "VariableV2"), tf_const("w/Initializer/zeros", (4, 4)))
        assert unreadable(first_values).kind == "not_a_checkpoint"

    def test_the_graph_beside_a_checkpoint(self):
        operations = field(2, field(1, message((1, "MatMul"), (2, b"\x0a\x01a"))) * 3000)
        for about in (field(4, "train") + field(5, "1.15.0"), operations + field(5, "1.15.0")):
            meta = field(1, about) + field(2, GRAPH) + field(3, field(1, "save/Const:0"))
            found = unreadable(meta)
            assert (found.kind, found.status) == ("not_a_checkpoint", Status.OK)
            assert ".index" in found.reason

    def test_values_that_do_not_fit(self):
        assert unreadable(tf_graph(tf_const("w", (4, 4), 1, bytes(60)))).kind == "broken"
        assert unreadable(tf_graph(tf_const("w", (1 << 40, 1 << 40), 1, b""))).kind == "broken"

    def test_a_saved_model_says_where_its_variables_are(self):
        library = tf_function("serve", tf_node("w", "VarHandleOp"))
        found = unreadable(saved_model(tf_graph(tf_node("w", "VarHandleOp"), tf_const("c", (2, 2)), library=library)))
        assert (found.kind, found.status) == ("not_a_checkpoint", Status.OK)
        assert "variables/variables.index" in found.reason
        assert "1 functions" in found.reason

    def test_a_frozen_saved_model(self):
        found = checkpoint(saved_model(GRAPH))
        assert shapes(found) == {"conv1/weights": (3, 3, 3, 8), "bn/moving_mean": (8,)}
        assert found.format == "saved_model"
        assert ("tag", "serve") in found.training.metadata

    def test_a_large_frozen_graph(self):
        blob = CountingBlob(tf_graph(*(node for n in range(20) for node in (tf_const(f"w{n}", (512, 1024)), tf_const(f"b{n}", (1024,))))))
        (found,) = read_contents(blob)
        assert len(found.tensors) == 40
        assert len(blob.reads) <= 22
        assert blob.bytes_read < 300_000

    def test_shapes_of_unknown_rank_are_scalars_of_no_use(self):
        tensor = field(1, 1) + field(2, field(3, 1)) + field(5, bytes(4))
        node = tf_node("c", "Const", message((1, "value"), (2, field(8, tensor))))
        assert isinstance(read_contents(BytesBlob(tf_graph(node)))[0], Unreadable)
        assert tf_shape((2,)) == b"\x12\x02\x08\x02"

    def test_limits(self):
        many = tf_graph(*(tf_const(f"w{n}", (2,)) for n in range(20)))
        assert read_contents(BytesBlob(many), Limits(tensors=10))[0].kind == "limit"
        assert read_contents(BytesBlob(many), Limits(objects=50))[0].kind == "limit"
