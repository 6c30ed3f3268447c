"""Hostile files, built by code: pickles that would run something in every spelling, bombs, lies. Nothing here is ever loaded."""

from __future__ import annotations

import io
import pickle
import struct
import tarfile
import zipfile
import zlib


def text(value: str) -> bytes:
    raw = value.encode()
    return b"X" + struct.pack("<I", len(raw)) + raw


def short(value: str) -> bytes:
    raw = value.encode()
    return b"\x8c" + bytes([len(raw)]) + raw


def command(sentinel: str) -> str:
    """Return a shell command that leaves a trace when it is run."""
    return f"touch {sentinel}"


def spellings(sentinel: str) -> dict[str, bytes]:
    """Return pickles that call os.system (or worse) in every way in which the opcodes allow it."""
    said = command(sentinel)
    line = said.encode()
    return {
        "reduce": b"\x80\x02cos\nsystem\n" + text(said) + b"\x85R.",
        "reduce posix": b"\x80\x02cposix\nsystem\n" + text(said) + b"\x85R.",
        "reduce nt": b"\x80\x02cnt\nsystem\n" + text(said) + b"\x85R.",
        "protocol 0": b"cos\nsystem\n(S'" + line + b"'\ntR.",
        "protocol 0 unicode": b"cos\nsystem\n(V" + line + b"\ntR.",
        "inst": b"(S'" + line + b"'\nios\nsystem\n.",
        "obj": b"\x80\x02(cos\nsystem\n" + text(said) + b"o.",
        "newobj": b"\x80\x02csubprocess\nPopen\n" + text(said) + b"\x85\x81.",
        "newobj_ex": b"\x80\x04csubprocess\nPopen\n" + short(said) + b"\x85}" + short("shell") + b"\x88s\x92.",
        "stack_global": b"\x80\x04" + short("os") + short("system") + b"\x93" + short(said) + b"\x85R.",
        "stack_global memo": b"\x80\x04" + short("system") + b"\x940" + short("os") + b"\x94h\x00\x93" + short(said) + b"\x85R.",
        "stack_global swapped memo": b"\x80\x04"
        + short("os")
        + b"q\x050"
        + short("system")
        + b"q\x060h\x05h\x06\x93"
        + short(said)
        + b"\x85R.",
        "binget reuse": b"\x80\x02cos\nsystem\nq\x000}q\x01h\x00" + text(said) + b"\x85R.",
        "dotted": b"\x80\x04" + short("torch") + short("serialization.os.system") + b"\x93" + short(said) + b"\x85R.",
        "eval": b"\x80\x02c__builtin__\neval\n" + text(f"open('{sentinel}','w')") + b"\x85R.",
        "exec": b"\x80\x02cbuiltins\nexec\n" + text(f"open('{sentinel}','w')") + b"\x85R.",
        "open": b"\x80\x02cio\nopen\n" + text(sentinel) + text("w") + b"\x86R.",
        "getattr": b"\x80\x02cbuiltins\ngetattr\ncos\nsystem\n" + text("__call__") + b"\x86R" + text(said) + b"\x85R.",
        "partial": b"\x80\x02cfunctools\npartial\ncos\nsystem\n" + text(said) + b"\x86R)R.",
        "attrgetter": b"\x80\x02coperator\nattrgetter\n" + text("system") + b"\x85R.",
        "methodcaller": b"\x80\x02coperator\nmethodcaller\n" + text("system") + text(said) + b"\x86R.",
        "runpy": b"\x80\x02crunpy\n_run_code\n" + text(said) + b"\x85R.",
        "importlib": b"\x80\x02cimportlib\nimport_module\n" + text("evil") + b"\x85R.",
        "webbrowser": b"\x80\x02cwebbrowser\nopen\n" + text("http://x") + b"\x85R.",
        "pty": b"\x80\x02cpty\nspawn\n" + text(said) + b"\x85R.",
        "torch.hub": b"\x80\x02ctorch.hub\nload\n" + text("a/b") + b"\x85R.",
        "torch.load": b"\x80\x02ctorch\nload\n" + text("x") + b"\x85R.",
        "cpp_extension": b"\x80\x02ctorch.utils.cpp_extension\nload\n" + text("x") + b"\x85R.",
        "nested": b"\x80\x02cpickle\nloads\nB" + struct.pack("<I", 4) + b"cos\nR" + b"\x85R.",
        "build on a class": b"\x80\x02ccollections\nOrderedDict\n}" + text("__setitem__") + b"cos\nsystem\nsb.",
        "broken afterwards": b"\x80\x02cos\nsystem\n" + text(said) + b"\x85R\xff\xff",
        "pip": b"\x80\x02cpip\nmain\n]" + text("install") + b"a\x85R.",
        "ctypes": b"\x80\x02cctypes\nCDLL\n" + text("x.so") + b"\x85R.",
        "timeit": b"\x80\x02ctimeit\ntimeit\n" + text(said) + b"\x85R.",
        "numpy.load": b"\x80\x02cnumpy\nload\n" + text("x") + b"\x85R.",
        "sys.modules": b"\x80\x02csys\nmodules\n.",
    }


class Runs:
    """An object whose pickle calls os.system; pickled by the real pickler, never unpickled."""

    def __init__(self, sentinel: str) -> None:
        self.sentinel = sentinel

    def __reduce__(self) -> tuple[object, tuple[str]]:
        import os

        return os.system, (command(self.sentinel),)


def real_exploits(sentinel: str) -> dict[str, bytes]:
    return {f"protocol {p}": pickle.dumps({"state_dict": {}, "x": Runs(sentinel)}, protocol=p) for p in range(6)}


def broken_pickles() -> dict[str, bytes]:
    """Return pickles that lie about lengths, nest without end or ask for memory."""
    magic = b"\x80\x02"
    laughs = magic + b"]q\x00(K\x01K\x01e0"
    for n in range(200):
        laughs += b"]" + b"q" + bytes([n + 1 & 0xFF]) + b"(" + (b"h" + bytes([n & 0xFF])) * 10 + b"e0"
    return {
        "binunicode8": magic + b"\x8d" + struct.pack("<Q", 1 << 62) + b"abc",
        "binbytes8": magic + b"\x8e" + struct.pack("<Q", (1 << 64) - 1) + b"abc",
        "bytearray8": magic + b"\x96" + struct.pack("<Q", 1 << 40),
        "binunicode": magic + b"X\xff\xff\xff\xff",
        "long4": magic + b"\x8b\xff\xff\xff\x7f",
        "long4 negative": magic + b"\x8b\xff\xff\xff\xff",
        "digits": b"(L" + b"9" * 100_000 + b"L\n.",
        "long line": b"c" + b"a" * 200_000,
        "deep lists": magic + b"]" * 200_000 + b"a" * 199_999 + b".",
        "deep marks": magic + b"(" * 1_000_000,
        "deep tuples": magic + b")" + b"\x85" * 200_000 + b".",
        "deep dicts": magic + (b"}X\x01\x00\x00\x00a") * 100_000 + b"N" + b"s" * 100_000 + b".",
        "deep calls": magic + (b"cm\nn\n") * 50_000 + b"N" + b"\x85R" * 50_000 + b".",
        "deep builds": magic + b"cm\nn\n)R" + b"Nb" * 100_000 + b".",
        "cycle": magic + b"]q\x00h\x00a.",
        "dict cycle": magic + b"}q\x00X\x01\x00\x00\x00ah\x00s.",
        "laughs": laughs + b"h\x64.",
        "many dicts": magic + b"}" * 2_000_000,
        "memo": magic + b"N" + b"".join(b"r" + struct.pack("<I", n * 7919 & 0xFFFFFFFF) for n in range(50_000)) + b".",
        "missing memo": magic + b"h\x09.",
        "empty stack": magic + b".",
        "pop": magic + b"000000.",
        "no stop": magic + b"}" * 10,
        "protocol 9": b"\x80\x09}.",
        "unknown opcode": magic + b"}\xfe.",
        "collisions": magic
        + b"}("
        + b"".join(b"\x8a\x0a" + (n * ((1 << 61) - 1)).to_bytes(10, "little") + b"N" for n in range(50_000))
        + b"u.",
        "unhashable key": magic + b"}]Ns.",
        "append to a number": magic + b"K\x01K\x02a.",
        "setitem of a number": magic + b"K\x01K\x02K\x03s.",
        "huge index": b"N" + b"p" + b"9" * 39 + b"\n.",
        "bad index": b"Np-1\n.",
        "bad float": b"Fabc\n.",
        "bad int": b"Iabc\n.",
        "bad string": b"S'abc\n.",
        "names": magic + b"".join(b"cm%d\nn\n0" % n for n in range(20_000)) + b"N.",
    }


def tangles() -> dict[str, bytes]:
    """Return small pickles that ask for copies, or share one large part a great many times."""
    magic = b"\x80\x02"
    many = b"]r\x01\x00\x00\x00(" + b"N" * 100_000 + b"e"
    table = b"}r\x01\x00\x00\x00(" + b"".join(text(f"k{n}") + b"N" for n in range(10_000)) + b"u"
    one, two = b"j\x01\x00\x00\x00", b"j\x02\x00\x00\x00"
    modules = magic + tensor_call(4, b"K\x04\x85") + b"r\xe7\x03\x00\x000" + _module(1000, ())
    for n in range(1001, 1050):
        modules += _module(n, (n - 1, n - 1))
    return {
        "copied lists": magic + b"](" + many + (b"cbuiltins\nlist\n" + one + b"\x85R") * 2000 + b"e.",
        "copied dicts": magic + b"](" + table + (b"ccollections\nOrderedDict\n" + one + b"\x85R") * 2000 + b"e.",
        "copied texts": magic
        + b"]("
        + text("x" * 60_000)
        + b"r\x02\x00\x00\x00"
        + (b"c_codecs\nencode\n" + two + text("latin1") + b"\x86R") * 9000
        + b"e.",
        "shared state": magic + b"](" + table + (b"cm\nn\n)R" + one + b"b") * 10_000 + b"e.",
        "shared arguments": magic + b"](" + table + (b"cm\nn\n" + one + b"\x85R") * 10_000 + b"e.",
        "modules of modules": modules + b"j" + struct.pack("<I", 1049) + b".",
        "dangerous too": magic + b"](cos\nsystem\n" + text("x") + b"\x85R" + table + (b"cm\nn\n" + one + b"\x85R") * 10_000 + b"e.",
    }


def _module(index: int, parts: tuple[int, ...]) -> bytes:
    """Return the opcodes of a pickled module with one parameter (memo 999) and parts from the memo."""
    inner = b"".join(text(f"part{n}") + b"j" + struct.pack("<I", part) for n, part in enumerate(parts))
    state = (
        text("_parameters") + b"}(" + text("p") + b"j\xe7\x03\x00\x00u" + text("_buffers") + b"}" + text("_modules") + b"}(" + inner + b"u"
    )
    return b"cm\nModule\n)R}(" + state + b"ub" + b"r" + struct.pack("<I", index) + b"0"


def tensor_call(numel: int, shape: bytes, offset: bytes = b"K\x00", stride: bytes = b"K\x01\x85", storage: bytes | None = None) -> bytes:
    """Return the opcodes that rebuild one tensor of storage "0"."""
    identifier = (
        b"(" + text("storage") + b"ctorch\nFloatStorage\n" + text("0") + text("cpu") + b"\x8a\x08" + struct.pack("<q", numel) + b"tQ"
    )
    return b"ctorch._utils\n_rebuild_tensor_v2\n(" + (storage or identifier) + offset + shape + stride + b"\x89N" + b"tR"


def one_tensor(**how: object) -> bytes:
    numel = how.pop("numel", 4)
    shape = how.pop("shape", b"K\x04\x85")
    return b"\x80\x02}" + text("weight") + tensor_call(numel, shape, **how) + b"s."  # type: ignore[arg-type]


def broken_tensors() -> dict[str, bytes]:
    return {
        "negative size": one_tensor(shape=b"J\xff\xff\xff\xff\x85"),
        "text as size": one_tensor(shape=text("x") + b"\x85"),
        "impossible size": one_tensor(shape=b"\x8a\x08" + struct.pack("<q", 1 << 61) + b"K\x08\x86"),
        "shape is a number": one_tensor(shape=b"K\x04"),
        "truth as size": one_tensor(shape=b"\x88\x85"),
        "no storage": one_tensor(storage=b"N"),
        "negative storage": one_tensor(numel=-4),
        "negative offset": one_tensor(offset=b"J\xff\xff\xff\xff"),
        "65 dimensions": one_tensor(shape=b"(" + b"K\x01" * 65 + b"t"),
        "no arguments": b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n)R.",
        "argument is no tuple": b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\nNR.",
    }


def zip_bomb(size: int, name: str = "model.pth") -> bytes:
    """Return a small zip of one deflated member that really inflates to `size` zeros."""
    compressor = zlib.compressobj(9, zlib.DEFLATED, -15)
    piece = bytes(1 << 20)
    crc, packed = 0, []
    for _ in range(size >> 20):
        packed.append(compressor.compress(piece))
        crc = zlib.crc32(piece, crc)
    packed.append(compressor.flush())
    return handmade_zip([(name, b"".join(packed), 8, size, crc)])


def handmade_zip(members: list[tuple[str, bytes, int, int, int]], *, offsets: list[int] | None = None, count: int | None = None) -> bytes:
    """Return a zip of (name, packed bytes, method, stated size, checksum), with directory offsets that may lie."""
    body, entries = b"", b""
    for index, (name, packed, method, size, crc) in enumerate(members):
        raw = name.encode()
        offset = offsets[index] if offsets else len(body)
        wide = size > 0xFFFFFFFE
        extra = struct.pack("<HHQ", 1, 8, size) if wide else b""
        stated = 0xFFFFFFFF if wide else size
        body += (
            struct.pack("<4s5H3L2H", b"PK\x03\x04", 45, 0, method, 0, 0, crc, len(packed), stated, len(raw), len(extra))
            + raw
            + extra
            + packed
        )
        entries += struct.pack(
            "<4s6H3L5H2L", b"PK\x01\x02", 45, 45, 0, method, 0, 0, crc, len(packed), stated, len(raw), len(extra), 0, 0, 0, 0, offset
        )
        entries += raw + extra
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, *([len(members) if count is None else count] * 2), len(entries), len(body), 0)
    return body + entries + end


def overlapping_zip(kernel: bytes, copies: int) -> bytes:
    """Return a zip whose directory names the same bytes many times, as the overlapping bombs do."""
    first = ("a.pth", kernel, 8, 1 << 30, 0)
    data = handmade_zip([first])
    raw_entries = b""
    start = data.rindex(b"PK\x01\x02")
    for n in range(copies):
        name = b"%05d" % n
        raw_entries += data[start : start + 46] + name
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, copies, copies, len(raw_entries), start, 0)
    return data[:start] + raw_entries + end


def tar_with_links(payload: bytes) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for kind, name in (
            (tarfile.SYMTYPE, "link.pth"),
            (tarfile.LNKTYPE, "hard.pth"),
            (tarfile.CHRTYPE, "device.pth"),
            (tarfile.DIRTYPE, "dir"),
        ):
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, "/etc/passwd"
            archive.addfile(info)
        info = tarfile.TarInfo("../../escape.pth")
        info.size = len(payload)
        archive.addfile(info, io.BytesIO(payload))
    return buffer.getvalue()


def zip_with_link(payload: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        link = zipfile.ZipInfo("link.pth")
        link.create_system, link.external_attr = 3, 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
        archive.writestr("../../escape.pth", payload)
        archive.writestr("/abs.pth", payload)
    return buffer.getvalue()


def named(module: str, name: str, argument: str = "x") -> dict[str, bytes]:
    """Return pickles that call one name, in every opcode and detour by which a name can be reached."""
    line = f"{module}\n{name}\n".encode()
    said = text(argument)
    decoy = short("torch._utils") + b"\x94" + short("_rebuild_tensor_v2") + b"\x94"
    return {
        "global": b"\x80\x02c" + line + said + b"\x85R.",
        "old global": b"c" + line + b"(S'" + argument.encode() + b"'\ntR.",
        "inst": b"(S'" + argument.encode() + b"'\ni" + line + b".",
        "obj": b"\x80\x02(c" + line + said + b"o.",
        "newobj": b"\x80\x02c" + line + said + b"\x85\x81.",
        "newobj_ex": b"\x80\x04c" + line + said + b"\x85}\x92.",
        "stack_global": b"\x80\x04" + short(module) + short(name) + b"\x93" + said + b"\x85R.",
        # PUT and MEMOIZE mixed, so that a reader that guesses at the memo sees torch._utils._rebuild_tensor_v2
        "memo decoy": b"\x80\x04" + short(module) + b"q\x00" + short(name) + b"q\x01" + decoy + b"0000h\x00h\x01\x93" + said + b"\x85R.",
        "memo overwritten": b"\x80\x04"
        + short("collections")
        + b"q\x07"
        + short("OrderedDict")
        + b"q\x080"
        + b"0"
        + short(module)
        + b"q\x07"
        + short(name)
        + b"q\x0800h\x07h\x08\x93"
        + said
        + b"\x85R.",
        "old strings": b"\x80\x04U" + bytes([len(module)]) + module.encode() + b"U" + bytes([len(name)]) + name.encode() + b"\x93)R.",
        "bytes as text": b"\x80\x04V" + module.encode() + b"\nV" + name.encode() + b"\n\x93)R.",
        "result dropped": b"\x80\x02c" + line + said + b"\x85R0}.",
        "result in a dict": b"\x80\x02}" + text("state_dict") + b"c" + line + said + b"\x85Rs.",
        "build afterwards": b"\x80\x02c" + line + said + b"\x85R}b0}.",
        "key of a dict": b"\x80\x02}c" + line + said + b"\x85RNs.",
        "persistent id": b"\x80\x02c" + line + said + b"\x85RQ.",
        "default factory": b"\x80\x02ccollections\ndefaultdict\nc" + line + b"\x85R" + said + b"Ns.",
        "reconstructor": b"\x80\x02ccopyreg\n_reconstructor\nc" + line + b"c__builtin__\nobject\nN\x87R.",
        "inner rebuild": b"\x80\x02ctorch._tensor\n_rebuild_from_type_v2\n(c" + line + b"c" + line + said + b"\x85NtR.",
        "mapped": b"\x80\x02c__builtin__\nmap\nc" + line + b"](" + said + b"e\x86R.",
        "stopped short": b"\x80\x02c" + line + said + b"\x85R",
        "nonsense afterwards": b"\x80\x02c" + line + said + b"\x85R\xfe\xff.",
        "memo missing afterwards": b"\x80\x02c" + line + said + b"\x85Rh\x77.",
        "exception afterwards": b"\x80\x02c" + line + said + b"\x85R0K\x01K\x02K\x03s.",
        "named only": b"\x80\x02c" + line + b".",
    }


def detours() -> dict[str, bytes]:
    """Return pickles that reach a callable without naming it: attributes set by BUILD, computed names, the extension registry."""
    setting = b"N}" + text("a") + text("os") + b"s\x86b"
    return {
        # protectai/modelscan issue 85: names kept as attributes of a function, and fetched from there
        "attributes of a function": b"\x80\x04cnumpy\nprod\n"
        + setting
        + b"N}"
        + text("b")
        + text("system")
        + b"s\x86b0cnumpy\nprod.a\nq\x000cnumpy\nprod.b\nq\x010h\x00h\x01\x93"
        + text("x")
        + b"\x85R.",
        "name from a call": b"\x80\x04" + b"c_codecs\nencode\n" + text("os") + text("rot13") + b"\x86R" + text("system") + b"\x93)R.",
        "name from a join": b"\x80\x04" + text("os") + b"cbuiltins\nstr\n" + text("system") + b"\x85R\x93)R.",
        "name from a list": b"\x80\x04" + text("os") + b"](" + text("system") + b"e\x93)R.",
        "ext1": b"\x80\x02\x82\x01)R.",
        "ext2": b"\x80\x02\x83\x01\x00)R.",
        "ext4": b"\x80\x02\x84\x01\x00\x00\x00)R.",
        "registry": b"\x80\x02ccopyreg\nadd_extension\n" + text("os") + text("system") + b"K\x01\x87R0\x82\x01" + text("x") + b"\x85R.",
        "class of a class": b"\x80\x04" + short("collections") + short("OrderedDict.__class__.__subclasses__") + b"\x93)R.",
        "globals of a function": b"\x80\x04" + short("torch._utils") + short("_rebuild_tensor_v2.__globals__") + b"\x93)R.",
        "setstate that runs": b"\x80\x02cmodels\nNet\n)\x81cos\nsystem\nb.",
        "reduce_ex chain": b"\x80\x04" + short("builtins") + short("object.__reduce_ex__") + b"\x93K\x02\x85R.",
        "call of a result": b"\x80\x02cbuiltins\n__import__\n" + text("os") + b"\x85R" + text("x") + b"\x85R.",
        "joblib array with objects": b"\x80\x02cjoblib.numpy_pickle\nNumpyArrayWrapper\n)\x81}(" + text("allow_mmap") + b"\x88ub.",
    }


def wrong_arity() -> dict[str, bytes]:
    """Return calls of torch's own rebuilding functions with too few, too many or the wrong arguments."""
    names = (
        "_rebuild_tensor _rebuild_tensor_v2 _rebuild_tensor_v3 _rebuild_parameter _rebuild_parameter_with_state _rebuild_qtensor "
        "_rebuild_sparse_tensor _rebuild_sparse_csr_tensor _rebuild_nested_tensor _rebuild_meta_tensor_no_storage "
        "_rebuild_wrapper_subclass _rebuild_device_tensor_from_numpy _rebuild_xla_tensor"
    ).split()
    given = {
        "none": b")",
        "no tuple": b"N",
        "texts": b"(" + text("x") * 12 + b"t",
        "itself": b"]q\x00h\x00a\x85",
        "lists": b"(" + b"]" * 12 + b"t",
    }
    return {
        f"{name} {how}": b"\x80\x02}" + text("w") + b"ctorch._utils\n" + name.encode() + b"\n" + args + b"Rs."
        for name in names
        for how, args in given.items()
    }


def handmade(members: list[tuple[str, bytes]], *, flags: int = 0, local_name: str = "", crc: int | None = None) -> bytes:
    """Return a stored zip whose flags, checksums or local names lie."""
    data = bytearray(handmade_zip([(name, body, 0, len(body), zlib.crc32(body) if crc is None else crc) for name, body in members]))
    at = 0
    for name, body in members:
        struct.pack_into("<H", data, at + 6, flags)
        if local_name:
            data[at + 30 : at + 30 + len(name)] = local_name.encode().ljust(len(name), b"x")[: len(name)]
        at += 30 + len(name.encode()) + len(body)
    for _ in members:
        struct.pack_into("<H", data, at + 8, flags)
        at += 46 + struct.unpack_from("<H", data, at + 28)[0]
    return bytes(data)


def zip_tricks(pickled: bytes, honest: bytes) -> dict[str, bytes]:
    """Return zips that torch reads and that made scanners stop or look elsewhere (CVE-2025-1944, -1945, -10155, -10156)."""
    usual = [("archive/data.pkl", pickled), ("archive/version", b"3\n")]
    whole = handmade(usual)
    return {
        "encrypted by its flag": handmade(usual, flags=1),
        "strange flags": handmade(usual, flags=0x2040),
        "checksum wrong": handmade(usual, crc=1),
        "another name in front": handmade(usual, local_name="archive/nothing"),
        "twice, the second evil": handmade([("archive/data.pkl", honest), *usual]),
        "twice, the first evil": handmade([*usual, ("archive/data.pkl", honest)]),
        "twice but for case": handmade([("archive/data.pkl", honest), ("archive/DATA.PKL", pickled), ("archive/version", b"3\n")]),
        "beside another root": handmade([("a/data.pkl", honest), ("a/version", b"3\n"), ("b/data.pkl", pickled), ("b/version", b"3\n")]),
        "behind a script": b"#!/bin/sh\nexit\n" + whole,
        "behind a pickle": b"\x80\x02}." + whole,
        "within a comment": whole[:-2] + struct.pack("<H", 60_000) + pickled.ljust(60_000, b"\0"),
        "with a tail": whole + bytes(1000),
        "in a folder": handmade([("x/y/z/data.pkl", pickled), ("x/y/z/version", b"3\n")]),
        "another suffix": handmade([("archive/weights.bin", pickled), ("archive/readme", b"3\n")]),
        "inside of itself": handmade([("a.pth", whole), ("b.pth", whole)]),
    }


def hdf5_lies() -> dict[str, bytes]:
    """Return files that begin like HDF5 and lie about everything behind the signature."""
    signature = b"\x89HDF\r\n\x1a\n"
    wide = b"\xff" * 8
    return {
        "nothing behind": signature,
        "zeros": signature + bytes(4096),
        "ones": signature + b"\xff" * 4096,
        "version 0, root far away": signature
        + bytes([0, 0, 0, 0, 0, 8, 8, 0, 4, 0, 16, 0])
        + bytes(4)
        + bytes(8)
        + wide * 3
        + b"\x7f" * 40,
        "version 2, root at itself": signature + bytes([2, 8, 8, 0]) + bytes(8) + wide + struct.pack("<QQ", 1 << 60, 0) + bytes(4),
        "version 9": signature + bytes([9]) * 100,
        "sizes of 255": signature + bytes([0, 0, 0, 0, 0, 255, 255, 0]) + bytes(200),
    }


def recursion() -> dict[str, bytes]:
    """Return files that hold themselves, in one way or another."""
    import gzip
    import json

    matryoshka = b"\x80\x02}."
    for _ in range(12):
        matryoshka = gzip.compress(matryoshka)
    deep = b"[" * 100_000
    header = b'{"w":' + b"[" * 60_000
    metadata = json.dumps({"__metadata__": {"a": "b" * 100}}).encode()
    return {
        "gzip of gzip": matryoshka,
        "json": deep,
        "safetensors header": struct.pack("<Q", len(header)) + header,
        "safetensors length": struct.pack("<Q", 1 << 63) + metadata,
        "state of itself": b"\x80\x02cm\nn\n)\x81q\x00}" + text("a") + b"h\x00sb.",
        "dict of itself": b"\x80\x02}q\x00" + text("state_dict") + b"h\x00s.",
    }
