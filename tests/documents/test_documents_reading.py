"""Which documents are read, and what becomes of those that cannot be."""

from __future__ import annotations

import pytest

from auditor.documents.identity import known_full_name
from auditor.documents.reading import MAX_DOCUMENTS, Collected, read_documents, symlinks_of
from auditor.documents.selection import MAX_CONFIGS, MAX_PICTURES, config_paths, readme_of_folder, root_readmes
from auditor.errors import LimitError, NetworkError
from auditor.facts import Status


def reading(files: dict[str, str | bytes | Exception], symlinks: dict[str, str] | None = None) -> Collected:
    def read(path: str) -> bytes:
        content = files.get(path, FileNotFoundError(path))
        if isinstance(content, Exception):
            raise content
        return content.encode() if isinstance(content, str) else content

    return read_documents(read, [*files, *(symlinks or {})], "lab/GreatNet", "abc", symlinks=symlinks)


def paths(collected: Collected) -> list[str]:
    return [outline.document.path for outline in collected.outlines]


def test_readme_and_what_it_links() -> None:
    collected = reading(
        {
            "README.md": "[zoo](docs/zoo.md#models) [det](detection/) [abs](https://github.com/lab/GreatNet/blob/main/docs/abs.md) "
            "[other](https://github.com/lab/Other/blob/main/docs/other.md) [gone](gone.md) [en](README_EN.md) [code](main.py) [up](../../x.md)",
            "docs/zoo.md": "[deeper](deeper.md)",
            "docs/deeper.md": "[too deep](deepest.md)",
            "docs/deepest.md": "no",
            "docs/abs.md": "x",
            "docs/other.md": "not linked from here",
            "detection/readme.markdown": "# Detection",
            "README_EN.md": "[back](README.md)",
            "main.py": "x = 1",
            "unlinked.md": "no",
        }
    )
    assert paths(collected) == ["README.md", "docs/zoo.md", "detection/readme.markdown", "docs/abs.md", "README_EN.md", "docs/deeper.md"]
    assert [outline.document.role for outline in collected.outlines] == ["readme", *["document"] * 5]
    assert {(source.id, source.kind, source.status, source.required) for source in collected.sources} == {
        (f"document:{path}", "document", Status.OK, True) for path in paths(collected)
    }
    assert collected.sources[0].url == "https://github.com/lab/GreatNet/blob/abc/README.md"
    assert all(outline.document.source == source.id for outline, source in zip(collected.outlines, collected.sources, strict=True))


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (NetworkError("no", status="quota"), Status.QUOTA),
        (NetworkError("no", status="denied"), Status.DENIED),
        (NetworkError("no", status="nonsense"), Status.ERROR),
        (LimitError("too large"), Status.ERROR),
        (FileNotFoundError("gone"), Status.MISSING),
        (PermissionError("no"), Status.DENIED),
        (OSError("broken disk"), Status.ERROR),
    ],
)
def test_a_document_that_cannot_be_read_does_not_stop_the_rest(error: Exception, status: Status) -> None:
    collected = reading({"README.md": "[a](a.md) [b](b.md)", "a.md": error, "b.md": "# B"})
    assert paths(collected) == ["README.md", "b.md"]
    failed = next(source for source in collected.sources if source.id == "document:a.md")
    assert (failed.status, failed.required) == (status, True)
    assert failed.detail


def test_no_readme_is_said() -> None:
    collected = reading({"main.py": "x = 1"})
    assert collected.outlines == ()
    assert [(source.id, source.status) for source in collected.sources] == [("document:README", Status.MISSING)]


def test_vendored_and_dull_documents_are_not_read() -> None:
    files = {
        "README.md": "[a](third_party/x/README.md) [b](node_modules/y.md) [c](LICENSE.md) [d](requirements.txt) [e](lib/vendor/)",
        "docs/x.md": "x",
    }
    files |= {
        "third_party/x/README.md": "x",
        "node_modules/y.md": "x",
        "LICENSE.md": "x",
        "requirements.txt": "x",
        "lib/vendor/README.md": "x",
    }
    assert paths(reading(files)) == ["README.md"]


def test_symbolic_links_are_followed() -> None:
    files = {"README.md": "[a](docs/demo/a.md) [b](linked/b.md)", "demo/a/README.md": "# A", "real/b.md": "# B"}
    collected = reading(files, {"docs/demo/a.md": "../../demo/a/README.md", "linked": "real"})
    assert paths(collected) == ["README.md", "demo/a/README.md", "real/b.md"]
    assert symlinks_of([("a", None), ("b", "c")]) == {"b": "c"}


def test_a_symbolic_link_that_came_as_text() -> None:
    assert paths(reading({"README.md": "docs/index.md", "docs/index.md": "# The real one"})) == ["docs/index.md"]


def test_links_that_run_in_circles_end() -> None:
    files = {"README.md": "[a](a.md) [x](x.md)", "a.md": "[r](README.md) [a](./a.md)"}
    assert paths(reading(files, {"x.md": "y.md", "y.md": "x.md"})) == ["README.md", "a.md"]


def test_the_number_of_documents_is_bounded_and_the_rest_is_said() -> None:
    files = {"README.md": " ".join(f"[x](d{n}.md)" for n in range(100))} | {f"d{n}.md": "x" for n in range(100)}
    collected = reading(files)
    assert len(collected.outlines) == MAX_DOCUMENTS
    assert [source.status for source in collected.sources if source.id == "document:beyond the limit"] == [Status.SKIPPED]


def test_configuration_and_scripts() -> None:
    collected = reading(
        {
            "README.md": "```\n./download_models.sh\nbash scripts/train.sh\npython t.py --cfg conf/a.yaml\n```",
            "download_models.sh": "wget https://a.b/m.zip",
            "scripts/train.sh": "python train.py",
            "scripts/unnamed.sh": "x",
            "conf/a.yaml": "url: https://a.b/y.pth",
            "main/config.py": "depths = [2, 2, 6, 2]",
            "third_party/config.py": "x = 1",
            "hubconf.py": "model_urls = {'a': 'https://a.b/hub-12.pth'}",
        }
    )
    assert [(outline.document.path, outline.document.role) for outline in collected.outlines] == [
        ("README.md", "readme"),
        ("download_models.sh", "script"),
        ("scripts/train.sh", "script"),
        ("conf/a.yaml", "config"),
        ("hubconf.py", "config"),
        ("main/config.py", "config"),
    ]
    assert {link.url for outline in collected.outlines for link in outline.links} == {
        "https://a.b/m.zip",
        "https://a.b/y.pth",
        "https://a.b/hub-12.pth",
    }
    assert not any(source.required for source in collected.sources[1:])


def test_configurations_are_bounded_and_shallow_ones_come_first() -> None:
    many = [f"configs/a/b{n}.py" for n in range(500)] + [f"tools/x{n}/my_config.py" for n in range(500)] + ["config.py"]
    chosen = config_paths(many, ["we use b499.py"])
    assert len(chosen) <= MAX_CONFIGS
    assert chosen[0] == "config.py"
    assert "configs/a/b499.py" in chosen


def test_which_readme() -> None:
    assert root_readmes(["readme.rst", "README", "README.md", "docs/README.md"]) == ["README.md"]
    assert root_readmes([".github/README.md", "README.md"]) == [".github/README.md", "README.md"]
    assert root_readmes(["docs/ReadMe.TXT", "a.py"]) == ["docs/ReadMe.TXT"]
    assert root_readmes(["a/README.md", "README_EN.md"]) == []
    assert readme_of_folder("a", ["a/Readme.rst", "a/b/README.md"]) == "a/Readme.rst"


def test_pictures_to_read() -> None:
    files: dict[str, str | bytes | Exception] = {
        "README.md": "# T\n![logo](logo.png) ![a](assets/teaser.png) ![b](assets/H36M_P1.png) ![c](x.gif) ![d](gone.png)\n"
        "[![badge](https://img.shields.io/x.png)](x) ![u](https://user-images.githubusercontent.com/1/2.png) ![e](https://evil.org/x.png)\n"
        "![r](https://raw.githubusercontent.com/lab/GreatNet/main/assets/table.png) ![again](./assets/teaser.png)",
    }
    files |= dict.fromkeys(("logo.png", "assets/teaser.png", "assets/H36M_P1.png", "x.gif", "assets/table.png"), b"")
    found = reading(files).pictures_to_read
    assert [picture.path or picture.url for picture in found] == [
        "assets/teaser.png",
        "assets/H36M_P1.png",
        "https://user-images.githubusercontent.com/1/2.png",
        "assets/table.png",
    ]


def test_of_many_pictures_those_of_results_are_kept_in_order() -> None:
    text = "# T\n" + "".join(f"![p](demo/p{n}.png)\n\n" for n in range(60)) + "## Results\n\n![t](assets/t1.png)\n\n![t](assets/t2.png)\n"
    files: dict[str, str | bytes | Exception] = (
        {"README.md": text} | {f"demo/p{n}.png": b"" for n in range(60)} | {"assets/t1.png": b"", "assets/t2.png": b""}
    )
    found = [picture.path for picture in reading(files).pictures_to_read]
    assert len(found) == MAX_PICTURES
    assert found[0] == "demo/p0.png"
    assert found[-2:] == ["assets/t1.png", "assets/t2.png"]


def test_a_cut_document_is_partial() -> None:
    collected = reading({"README.md": "x" * 100_000})
    assert collected.sources[0].status == Status.PARTIAL
    assert "cut" in collected.sources[0].detail


def test_a_local_folder_is_told_by_its_own_links() -> None:
    text = "[zoo](https://github.com/Lab/GreatNet/blob/main/docs/zoo.md) [x](https://github.com/a/b/blob/main/LICENSE) [y](https://github.com/c/d/tree/main/no/such)"
    files = {"README.md": text, "docs/zoo.md": "# Zoo", "LICENSE": "x"}
    collected = read_documents(lambda path: files[path].encode(), list(files), "local/some-folder", "")
    assert (paths(collected), collected.full_name) == (["README.md", "docs/zoo.md"], "Lab/GreatNet")
    assert known_full_name("given/name", text, set(files)) == "given/name"
    assert known_full_name("folder", "git clone https://github.com/a/b.git\ngit clone https://github.com/c/d", set()) == "a/b"
    assert known_full_name("local/folder", "nothing is said", {"a.md"}) == "local/folder"
