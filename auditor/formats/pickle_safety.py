"""Which names a pickle may use without harm, and which would run code: tables, never a promise.

A pickle can call whatever it can name, so a name is `plain` only when this file lists it. The list of dangerous names can
never be complete, which is why every other name is `suspicious` and why no file is ever called safe.
Sources: the opcode semantics of CPython's `pickle`, the calls that `torch.save`, numpy and the standard library emit, and the public
advisories on picklescan, modelscan and fickling (listed with their callables in tests/hostile_names.py).
"""

from __future__ import annotations

from auditor.facts import Safety
from auditor.formats.dtypes import DTYPE_ALIASES, ITEM_BYTES, STORAGE_DTYPES

_REASONS = 40

_PLAIN: dict[str, frozenset[str]] = {
    "collections": frozenset({"OrderedDict", "defaultdict", "Counter", "deque"}),
    "builtins": frozenset(
        "set frozenset dict list tuple int float str bytes bytearray bool complex slice range object NoneType long unicode".split()
    ),
    "copyreg": frozenset({"_reconstructor", "__newobj__"}),
    "_codecs": frozenset({"encode"}),
    "argparse": frozenset({"Namespace"}),
    "types": frozenset({"SimpleNamespace"}),
    "datetime": frozenset({"datetime", "date", "time", "timedelta", "timezone"}),
    "decimal": frozenset({"Decimal"}),
    "fractions": frozenset({"Fraction"}),
    "uuid": frozenset({"UUID", "SafeUUID"}),
    "pathlib": frozenset({"Path", "PosixPath", "WindowsPath", "PurePath", "PurePosixPath", "PureWindowsPath"}),
    "pathlib._local": frozenset({"Path", "PosixPath", "WindowsPath", "PurePath", "PurePosixPath", "PureWindowsPath"}),
    "io": frozenset({"BytesIO", "StringIO"}),
    "_io": frozenset({"BytesIO", "StringIO"}),
    "easydict": frozenset({"EasyDict"}),
    "addict": frozenset({"Dict"}),
    "addict.addict": frozenset({"Dict"}),
    "yacs.config": frozenset({"CfgNode"}),
    "fvcore.common.config": frozenset({"CfgNode"}),
    "mmcv.utils.config": frozenset({"ConfigDict"}),
    "mmengine.config.config": frozenset({"ConfigDict"}),
    "ml_collections.config_dict.config_dict": frozenset({"ConfigDict"}),
    "lightning_fabric.utilities.data": frozenset({"AttributeDict"}),
    "lightning.fabric.utilities.data": frozenset({"AttributeDict"}),
    "pytorch_lightning.utilities.parsing": frozenset({"AttributeDict"}),
    "omegaconf.dictconfig": frozenset({"DictConfig"}),
    "omegaconf.listconfig": frozenset({"ListConfig"}),
    "omegaconf.base": frozenset({"ContainerMetadata", "Metadata", "Node"}),
    "omegaconf.nodes": frozenset(
        "AnyNode IntegerNode FloatNode StringNode BooleanNode BytesNode PathNode EnumNode UnionNode ValueNode".split()
    ),
    "typing": frozenset({"Any", "Dict", "List", "Tuple", "Optional", "Union"}),
    "numpy": frozenset(
        "ndarray dtype bool bool_ float16 float32 float64 int8 int16 int32 int64 uint8 uint16 uint32 uint64 complex64 complex128 "
        "longlong str_ bytes_ void object_".split()
    ),
    "numpy.core.multiarray": frozenset({"_reconstruct", "scalar"}),
    "numpy._core.multiarray": frozenset({"_reconstruct", "scalar"}),
    "numpy.core.numeric": frozenset({"_frombuffer"}),
    "numpy._core.numeric": frozenset({"_frombuffer"}),
    "numpy.random": frozenset({"__RandomState_ctor"}),
    "numpy.random._pickle": frozenset({"__randomstate_ctor", "__generator_ctor", "__bit_generator_ctor"}),
    "numpy.random._mt19937": frozenset({"MT19937"}),
    "numpy.random._pcg64": frozenset({"PCG64"}),
    "torch": frozenset(ITEM_BYTES)
    | frozenset(DTYPE_ALIASES)
    | frozenset(
        "Size device Tensor strided sparse_coo sparse_csr sparse_csc sparse_bsr sparse_bsc _mkldnn per_tensor_affine "
        "per_channel_affine per_tensor_symmetric per_channel_symmetric per_channel_affine_float_qparams contiguous_format channels_last "
        "preserve_format".split()
    ),
    "torch.storage": frozenset({"TypedStorage", "_TypedStorage", "_LegacyStorage"}),
    "torch.serialization": frozenset({"_get_layout"}),
    "torch.nn.parameter": frozenset({"Parameter", "Buffer", "UninitializedParameter", "UninitializedBuffer"}),
    "torch._utils": frozenset(
        "_rebuild_tensor _rebuild_tensor_v2 _rebuild_tensor_v3 _rebuild_parameter _rebuild_parameter_with_state _rebuild_qtensor "
        "_rebuild_sparse_tensor _rebuild_sparse_csr_tensor _rebuild_nested_tensor _rebuild_meta_tensor_no_storage "
        "_rebuild_wrapper_subclass _rebuild_device_tensor_from_numpy _rebuild_device_tensor_from_cpu_tensor _rebuild_xla_tensor".split()
    ),
    "torch._tensor": frozenset({"_rebuild_from_type_v2", "_rebuild_from_type", "Tensor"}),
    "torch.tensor": frozenset({"Tensor", "_rebuild_from_type"}),
    "torch.jit._pickle": frozenset(
        "build_intlist build_doublelist build_boollist build_tensorlist build_tensor_from_id restore_type_tag".split()
    ),
}
"""Names whose calls build plain data or tensors, by module."""

COMPUTED = "<computed>"
"""Stands for the module of a name that is not written out: no honest file hides what it calls."""

_STORAGE_MODULES = frozenset({"torch", "torch.storage", "torch.cuda"})

_RUNNING_MODULES = frozenset(
    "os posix nt ntpath posixpath subprocess sys runpy pty socket webbrowser importlib imp zipimport pickle _pickle cPickle dill "
    "cloudpickle jsonpickle shelve marshal shutil ctypes _ctypes cffi codeop pdb bdb timeit cProfile multiprocessing multiprocess "
    "concurrent asyncio threading _thread signal popen2 pip _pip ensurepip venv urllib urllib2 http httplib requests httpx aiohttp "
    "ftplib smtplib telnetlib poplib imaplib xmlrpc socketserver inspect gc linecache unittest doctest distutils setuptools "
    "pkg_resources fileinput pydoc antigravity idlelib lib2to3 turtledemo paramiko pexpect plumbum psutil win32api win32com _winreg "
    "winreg msvcrt io _io _posixsubprocess _bootsubprocess _aix_support _osx_support _pyrepl cgitb mailcap pathlib zipfile tarfile "
    "sqlite3 _sqlite3 sitecustomize pkgutil ssl _ssl nntplib pipes atexit _signal compileall py_compile syslog uuid _interpreters "
    "_xxsubinterpreters _interpchannels _frozen_importlib _frozen_importlib_external _imp tempfile mlflow".split()
)
"""Top-level modules of which nothing but the listed plain names has business in a checkpoint."""

_RUNNING_EXACTLY = frozenset(
    "code profile trace commands platform types site operator _operator sh glob filecmp mmap select selectors".split()
)
"""Modules of the standard library whose names authors give to packages of their own: only the module itself counts."""

_HARMLESS_OPERATORS = ("operator.itemgetter", "_operator.itemgetter", "types.MethodType", "types.GenericAlias", "platform.node")
"""Names in those modules that run nothing by themselves; still nothing that a checkpoint needs."""

_RUNNING_PREFIXES = (
    "torch.hub",
    "torch.jit",
    "torch.package",
    "torch.utils.cpp_extension",
    "torch.utils.bottleneck",
    "torch.utils.collect_env",
    "torch._inductor",
    "torch._dynamo",
    "torch.testing._internal",
    "torch.distributed.rpc",
    "torch.utils._config_module",
    "torch.utils.data.datapipes",
    "torch.utils.show_pickle",
    "torch.fx.experimental",
    "torch.fx.graph_module",
    "torch.fx._symbolic_trace",
    "numpy.testing",
    "numpy.distutils",
    "numpy.f2py",
    "logging.config",
    "logging.handlers",
    "test.support",
    "joblib.externals",
    "joblib.parallel",
    "tensorflow.io",
    "keras.models",
    "keras.saving",
    "keras.src.saving",
    "torch.distributed.elastic",
    "torch.distributed.run",
    "torch.distributed.launch",
    "torch.multiprocessing",
    "torch.utils.model_zoo",
    "torch.onnx",
    "torch.export",
    "joblib.memory",
    "joblib.numpy_pickle_compat",
    "pandas.io",
    "pandas.core.computation",
)
"""Modules below a harmless top level that load files, compile or start programs."""

_RUNNING_NAMES = frozenset(
    "torch.load torch.serialization.load torch.compile torch.ops torch.classes torch.storage._load_from_bytes torch.library "
    "joblib.load joblib.numpy_pickle.load logging.FileHandler "
    "numpy.load numpy.loadtxt numpy.genfromtxt numpy.fromfile numpy.memmap numpy.save pandas.read_pickle pandas.eval "
    "pandas.read_csv pandas.read_json pandas.read_html "
    "codecs.open functools.reduce functools.partialmethod collections.namedtuple copyreg._extension_registry copyreg.add_extension".split()
)

_RUNNING_BUILTINS = frozenset(
    "eval exec execfile compile open __import__ getattr setattr delattr apply input raw_input breakpoint globals locals vars "
    "memoryview help exit quit file reload".split()
)

_RUNNING_WORDS = frozenset(
    "os posix subprocess sys system popen spawn eval exec execfile __import__ import_module __builtins__ __globals__ __subclasses__ "
    "__class__ __getattribute__ __getattr__ __reduce__ __reduce_ex__ __code__ __dict__ __mro__ __base__ __bases__ check_output Popen fork "
    "execv execve ctypes builtins runpy socket importlib pickle shutil".split()
)
"""Components that lead to the same callables when a dotted path goes through an innocent module."""

_MODULE_ALIASES = {"__builtin__": "builtins", "copy_reg": "copyreg", "UserDict": "collections", "exceptions": "builtins"}


def canonical_module(module: str) -> str:
    """Return a module's name in Python 3."""
    return _MODULE_ALIASES.get(module, module)


def is_storage(module: str, name: str) -> bool:
    """Tell whether a name is one of torch's storage classes."""
    return name in STORAGE_DTYPES and module in _STORAGE_MODULES


def classify(module: str, name: str) -> str:
    """Return "plain", "suspicious" or "dangerous" for a name, spelled however: "os"/"system", "torch"/"serialization.os.system"."""
    module = canonical_module(module)
    if module == COMPUTED or (module == "copyreg" and name.startswith("extension ")):  # what a code stands for, only the loader knows
        return "dangerous"
    if name in _PLAIN.get(module, ()) or is_storage(module, name):
        return "plain"
    full = f"{module}.{name}"
    parts = full.split(".")
    if module == "builtins" and parts[1] in _RUNNING_BUILTINS:
        return "dangerous"
    if module in _RUNNING_EXACTLY and full not in _HARMLESS_OPERATORS:
        return "dangerous"
    if parts[0] in _RUNNING_MODULES or full in _RUNNING_NAMES or any(full == p or full.startswith(p + ".") for p in _RUNNING_PREFIXES):
        return "dangerous"
    if _RUNNING_WORDS.intersection(name.split(".")) and not module.startswith("__torch__"):
        return "dangerous"
    return "dangerous" if "." in name and _leads_elsewhere(name.split(".")) else "suspicious"


def _leads_elsewhere(steps: list[str]) -> bool:
    """Tell whether a dotted name leads through its module into one that runs code: "torch.library", "torch.utils.collect_env.run"."""
    tails = [".".join(steps[at:]) for at in range(len(steps) - 1)]
    return any(
        tail in _RUNNING_NAMES or tail.split(".")[0] in _RUNNING_MODULES or any(tail.startswith(p + ".") for p in _RUNNING_PREFIXES)
        for tail in tails
    )


def judge(names: dict[tuple[str, str], bool], extra: tuple[str, ...] = ()) -> Safety:
    """Return the verdict on all names of a pickle; the mapping tells for each (module, name) whether it would be called.

    `extra` are further reasons to be suspicious. A dangerous name counts even where no call of it was seen.
    """
    dangerous: list[str] = []
    suspicious: list[str] = []
    for (module, name), called in names.items():
        verdict = classify(module, name)
        if verdict == "plain":
            continue
        verb = "would call" if called else "names"
        shown = f"{verb} {module[:120]}.{name[:120]}"
        (dangerous if verdict == "dangerous" else suspicious).append(shown)
    suspicious.extend(extra)
    reasons = dangerous + suspicious
    if len(reasons) > _REASONS:
        reasons = [*reasons[:_REASONS], f"and {len(reasons) - _REASONS} more"]
    return Safety("dangerous" if dangerous else "suspicious" if suspicious else "plain", tuple(reasons))
