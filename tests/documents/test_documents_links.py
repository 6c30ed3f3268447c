"""What links lead to, from the words around them; whose checkpoints; evidence."""

from __future__ import annotations

import pytest

from auditor.documents.links import classify_links, places, quoted, weight_folders
from auditor.documents.mirrors import runs
from auditor.documents.outline import outline
from auditor.facts import Document, Link

DRIVE = "https://drive.google.com/file/d/1AbcDefGhiJklMno/view?usp=sharing"
FOLDER = "https://drive.google.com/drive/folders/1AbcDefGhiJklMno?usp=sharing"


def classified(text: str, path: str = "README.md", tree: tuple[str, ...] = (), role: str = "readme") -> dict[str, Link]:
    links = classify_links([outline(Document(path, text, "a" * 64, f"document:{path}", role))], "lab/GreatNet", tree)
    return {link.url: link for link in links}


CASES = [
    (f"## Models\n\nIf they fail, models and training logs are also available in [a drive]({DRIVE}) by code wt9n.", "checkpoint"),
    (f"## Demo\n\n```\nwget {DRIVE} -O great_v2.pth\n```", "checkpoint"),
    (f"## Demo\n\n```\nwget {DRIVE} -O great.ttc\n```", "other"),
    (f"## Demo\n\nYou can convert the network yourself or use the [converted model]({DRIVE})", "checkpoint"),
    # called by the repository's name and a size, wherever it was trained
    (f"* trainval35k (VGG): [GreatNet320]({DRIVE})", "checkpoint"),
    (f"* trainval35k images: [part 1]({DRIVE})", "dataset"),
    (f"## Pretrained models\n\nWho has issues with the above links may use [OneDrive]({DRIVE}).", "checkpoint"),
    # one host, told apart by the words around it
    (f"Download the pre-trained models [here]({DRIVE}).", "checkpoint"),
    (f"Download the pre-trained GreatNet in [here]({DRIVE}).", "checkpoint"),
    (f"Download GreatNet trained on [[Human3.6M+MSCOCO]({DRIVE})].", "checkpoint"),
    (f"Our weights: {DRIVE}", "checkpoint"),
    (f"预训练模型下载：{DRIVE}。", "checkpoint"),
    (f"Los modelos preentrenados: [aquí]({DRIVE})", "checkpoint"),
    (f"Models can be downloaded by running\n```\n./get.sh\n```\nor downloaded from [google drive]({DRIVE})", "checkpoint"),
    (f"## Pretrained models\n\n[Google Drive]({DRIVE})", "checkpoint"),
    (
        f"## Usage\n\nDownload `weights`\n(\n[google drive]({DRIVE}) |\n)\npretrained on ImageNet-1K, and put them in `pretrained/`.",
        "checkpoint",
    ),
    (f"We trained these models on the COCO dataset: [download]({DRIVE}) the checkpoints.", "checkpoint"),
    (f"Download parsed data [[data]({DRIVE})]", "dataset"),
    (f"## Data\n\n- MuCo [[annotations]({DRIVE})]", "dataset"),
    (f"Please download the images from [Google Drive]({DRIVE}) to train the model.", "dataset"),
    (f"## Dataset preparation\n\nThe files are [here]({DRIVE}).", "dataset"),
    (f"Download the SMPL model from [here]({DRIVE}).", "dataset"),
    (f"## Results\n* Pre-trained model in [here](https://a.b/x).\n* Bounding boxes in [here]({DRIVE}).", "results"),
    (f"We also provide person detection result. Please download from [Drive]({DRIVE}).", "results"),
    (f"The training logs are [here]({DRIVE}).", "results"),
    (f"The [slides]({DRIVE}) of the talk", "paper"),
    (f"See our [supplementary]({DRIVE})", "paper"),
    (f"[Here]({DRIVE}) is a picture of our team.", "other"),
    (f"| Model | AP | Download |\n|--|--|--|\n| S | 40.5 | [here]({DRIVE}) |", "checkpoint"),
    (f"| Model | AP | weights |\n|--|--|--|\n| S | 40.5 | [github]({DRIVE}) |", "checkpoint"),
    (f"| Method | AP | Download |\n|--|--|--|\n| S | 40.5 | [log]({DRIVE}) & [model](https://a.b/c.pth) |", "results"),
    (f"| Method | AP | config | log |\n|--|--|--|--|\n| S | 40.5 | [x](a.py) | [github]({DRIVE}) |", "results"),
    (
        f"## Pretrained models\n\n| Method | AP | Model | Log |\n|--|--|--|--|\n| S | 40.5 | [google](https://a.b/c.pth) | [google]({DRIVE}) |",
        "results",
    ),
    (f"Download the net.pth from [Drive]({DRIVE}) and put it into ./saved/.", "checkpoint"),
    (f"All trained models and predictions are [available]({DRIVE}).", "checkpoint"),
    (f"We provide the [download link]({DRIVE}) to\n - the test set\n - 4 pretrained models", "checkpoint"),
    (f"The fine-tuned poses can be downloaded [here]({DRIVE}).", "results"),
    (f"# GreatNet\n\n## Models we provided:\n* `Great-Q`: [Baidu Netdisk]({DRIVE})", "checkpoint"),
    (f"| Dataset | Link |\n|--|--|\n| COCO images | [download]({DRIVE}) |", "dataset"),
    (f"```\ngdown {DRIVE} -O checkpoints/model.zip\n```", "checkpoint"),
    (f"## Data\n\nGet the dataset:\n```\nwget -O data/images.zip {DRIVE}\n```", "dataset"),
]


@pytest.mark.parametrize(("text", "purpose"), CASES)
def test_purpose_comes_from_the_words_not_from_the_host(text: str, purpose: str) -> None:
    assert classified(text)[DRIVE].purpose == purpose


ADDRESSES = [
    ("https://a.b/x/model.pth", "checkpoint"),
    ("https://a.b/x/model.pth.tar", "checkpoint"),
    ("https://github.com/o/n/releases/download/v1/x.onnx", "checkpoint"),
    ("https://huggingface.co/org/name", "checkpoint"),
    ("https://huggingface.co/org/name/resolve/main/m.bin", "checkpoint"),
    ("https://www.modelscope.cn/models/o/n/summary", "checkpoint"),
    ("https://tfhub.dev/google/x/1", "checkpoint"),
    ("https://huggingface.co/datasets/org/name", "dataset"),
    ("http://images.cocodataset.org/zips/train2017.zip", "dataset"),
    ("https://a.b/logs/x_log.txt", "results"),
    ("https://a.b/x.log.json", "results"),
    ("https://wandb.ai/a/b/runs/c", "results"),
    ("https://arxiv.org/abs/2003.12039", "paper"),
    ("https://openaccess.thecvf.com/content/x.html", "paper"),
    ("https://huggingface.co/papers/2401.1", "paper"),
    ("https://huggingface.co/spaces/a/b", "other"),
    ("https://huggingface.co/docs/transformers/x", "other"),
    ("https://colab.research.google.com/drive/1abc", "other"),
    ("https://img.shields.io/badge/x.svg", "other"),
    ("https://github.com/other/tool", "other"),
    ("https://github.com/lab/GreatNet/issues/3", "other"),
    ("https://github.com/lab/GreatNet/blob/main/train.py", "other"),
    ("https://www.youtube.com/watch?v=a", "other"),
]


@pytest.mark.parametrize(("url", "purpose"), ADDRESSES)
def test_addresses_that_leave_no_doubt(url: str, purpose: str) -> None:
    assert classified(f"Something [there]({url}).")[url].purpose == purpose


def test_a_code_repository_holds_weights_only_where_the_sentence_offers_them() -> None:
    text = "Additional models can be found [here](https://github.com/o/a).\n\nThe code of the model is [here](https://github.com/o/b).\n\nWe use the [X model](https://github.com/o/c)."
    purposes = [link.purpose for link in classified(text).values()]
    assert purposes == ["checkpoint", "other", "other"]


def test_weights_that_lie_in_the_repository() -> None:
    tree = ("weights/a.pth", "weights/b.pth", "weights/README.md", "src/x.pth", "src/a.py", "src/b.py")
    assert weight_folders(tree) == {"weights", "weights/a.pth", "weights/b.pth", "src/x.pth"}
    text = "[folder](weights) [file](./weights/a.pth) [src](src) [abs](https://github.com/lab/GreatNet/tree/main/weights) [doc](a.md)"
    found = classified(text, tree=tree)
    assert {url: link.purpose for url, link in found.items()} == {
        "weights": "checkpoint",
        "./weights/a.pth": "checkpoint",
        "https://github.com/lab/GreatNet/tree/main/weights": "checkpoint",
    }


def test_the_second_file_of_a_checkpoint() -> None:
    text = "the model [.xml](https://a.b/releases/m.xml), [.bin](https://a.b/releases/m.bin)\n\nand [x](https://a.b/other.xml)"
    found = classified(text)
    assert found["https://a.b/releases/m.xml"].purpose == "checkpoint"
    assert found["https://a.b/other.xml"].purpose == "other"


def test_repositories_of_the_hub_loaded_by_name() -> None:
    text = "```python\na = M.from_pretrained('lab/whatever')\nb = M.from_pretrained('someone/great-net-b')\nc = T.from_pretrained('google/t5-base')\n```"
    assert [link.purpose for link in classified(text).values()] == ["checkpoint", "checkpoint", "other"]


OWNERS = [
    (f"The pre-trained models are [here]({DRIVE}).", "own"),
    (f"## Training\n\nDownload the ImageNet pretrained weights [here]({DRIVE}).", "initialization"),
    (f"Backbone weights pretrained on ImageNet, for initialization: [model]({DRIVE})", "initialization"),
    (f"## Third-party resources\n\n* Online demo with weights [model]({DRIVE})", "other"),
    (f"The weights released by Google: [model]({DRIVE})", "other"),
    (f"## Baselines\n\n* [model]({DRIVE})", "baseline"),
    (f"## Baselines\n\n* GreatNet [model]({DRIVE})", "own"),
]


@pytest.mark.parametrize(("text", "owner"), OWNERS)
def test_whose_checkpoint_it_is(text: str, owner: str) -> None:
    link = classified(text)[DRIVE]
    assert (link.purpose, link.owner) == ("checkpoint", owner)


def test_one_link_for_each_url_in_order_with_ids() -> None:
    first = outline(Document("README.md", f"[x]({DRIVE})\n\n[paper](https://arxiv.org/abs/1)\n", "a" * 64, "document:README.md"))
    second = outline(Document("ZOO.md", f"The pre-trained weights: [x]({DRIVE})\n", "b" * 64, "document:ZOO.md", "document"))
    links = classify_links([first, second], "lab/GreatNet")
    assert [(link.id, link.url, link.evidence.locator) for link in links] == [
        ("L1", "https://arxiv.org/abs/1", "README.md#L3"),
        ("L2", DRIVE, "ZOO.md#L1"),
    ]


def test_evidence_can_be_found_again() -> None:
    text = f"# T\n\n   Weights [here]({DRIVE}) {'x' * 500}\n"
    link = classified(text)[DRIVE]
    assert (link.evidence.source, link.evidence.locator, link.evidence.sha256) == ("document:README.md", "README.md#L3", "a" * 64)
    assert link.evidence.quote in text.split("\n")[2]
    assert DRIVE in link.evidence.quote
    assert len(link.evidence.quote) <= 300
    assert (link.section, link.line, link.host, link.target) == ("T", 3, "google_drive", "file")
    assert "weights" in link.reason.lower()


def test_a_quote_holds_the_address_that_stands_far_out() -> None:
    line = "a " * 400 + "https://a.b/c.pth" + " z" * 300
    assert "https://a.b/c.pth" in quoted(line, "https://a.b/c.pth")
    assert quoted(line, "https://a.b/c.pth") in line


def test_a_label_says_row_and_column() -> None:
    link = classified(f"| Model | AP | 22k model |\n|--|--|--|\n| T | 1.5 | [model]({DRIVE}) |")[DRIVE]
    assert (link.label, link.row) == ("T · model · 22k model", "T | 1.5 | model")


def test_pages_of_models_and_of_documentation():
    found = classified(
        "We release 300 [model checkpoints](https://greatnet.org/models). Added to the [Model Hub](https://docs.tool.com/models/great/)."
    )
    assert [link.purpose for link in found.values()] == ["checkpoint", "other"]


def test_a_share_of_a_university_in_a_table_is_weights():
    text = (
        "## Pretrained models\n\n| Model | FID | Link |\n|--|--|--|\n| f4 | 1.06 | https://box.university.de/f/9c6681f64bb94338a069/?dl=1 |"
    )
    assert [link.purpose for link in classified(text).values()] == ["checkpoint"]


@pytest.mark.parametrize(
    ("text", "url", "purpose"),
    [
        ("The models are available in [Burrow](https://github.com/others/burrow) by others.", "https://github.com/others/burrow", "other"),
        (
            "The models can be loaded and are available through [burrow](https://github.com/others/burrow).",
            "https://github.com/others/burrow",
            "other",
        ),
        (
            "The pretrained models are available in [here](https://github.com/lab/weights-of-great).",
            "https://github.com/lab/weights-of-great",
            "checkpoint",
        ),
    ],
)
def test_a_library_that_can_load_the_models_holds_none(text, url, purpose):
    assert classified(text)[url].purpose == purpose


def test_the_code_that_opens_a_shared_folder_says_nothing_of_what_lies_in_it() -> None:
    text = f"Download the person matching model ([Google drive]({DRIVE}) or [Baidu Pan, code:6a8b]({FOLDER})) and put it in `tracking/`."
    assert {link.purpose for link in classified(text).values()} == {"checkpoint"}


def test_words_inside_of_an_identifier_say_nothing() -> None:
    text = f"## GreatNet for mesh visualization\n\n* Download GreatNet trained on [[SetA+SetB] without `loss['mesh_joint']`]({DRIVE})."
    assert classified(text)[DRIVE].purpose == "checkpoint"
    assert classified(f"Download the [meshes]({DRIVE}) of SetA.")[DRIVE].purpose == "dataset"


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("## Demo\n\n[Download Link](URL).", "https://github.com/lab/GreatNet/releases/download/v1/great_416.mnn"),
        ("First, from the [page](URL) take weights that were trained.", "https://github.com/lab/GreatNet/releases/tag/0.3"),
        (
            "Examples are [here](tutorial/). What was trained is there, too. [weights](URL)",
            "https://github.com/lab/GreatNet/releases/tag/custom",
        ),
    ],
)
def test_files_and_releases_that_can_only_hold_weights(text: str, url: str) -> None:
    assert classified(text.replace("URL", url))[url].purpose == "checkpoint"


SPACE = "https://huggingface.co/spaces/lab/GreatNet"


def test_files_in_the_repository_of_a_demo_are_what_they_are():
    text = f"""# GreatNet
The [demo]({SPACE}). Our models are listed [here]({SPACE}/tree/main/checkpoints), the [pictures]({SPACE}/tree/main/assets) too:
[small]({SPACE}/blob/main/checkpoints/great_s.pth), [page]({SPACE}/blob/main/app.py).
"""
    found = {url.removeprefix(SPACE): link.purpose for url, link in classified(text).items()}
    assert found == {
        "": "other",
        "/tree/main/checkpoints": "checkpoint",
        "/tree/main/assets": "other",
        "/blob/main/checkpoints/great_s.pth": "checkpoint",
        "/blob/main/app.py": "other",
    }


def test_a_name_of_the_hub_that_is_to_be_filled_in_is_no_address():
    for name in ("'lab/greatnet_{:}14'.format(size)", "f'lab/greatnet-{size}'", "'lab/greatnet-' + size"):
        assert classified(f"```python\nmodel = GreatNet.from_pretrained({name})\n```") == {}
    (link,) = classified("```python\nmodel = GreatNet.from_pretrained('lab/greatnet-small')\n```").values()
    assert (link.url, link.purpose) == ("https://huggingface.co/lab/greatnet-small", "checkpoint")


BOX, BAIDU = "https://www.dropbox.com/s/abc123def456/files.zip?dl=0", "https://pan.baidu.com/s/1AbcDefGhiJ"


@pytest.mark.parametrize(
    ("text", "purposes"),
    [
        (
            f"All the models (x2/x3/x4) can be downloaded from [Dropbox]({BOX}), [BaiduYun]({BAIDU}), or [GoogleDrive]({DRIVE}).",
            "checkpoint",
        ),
        (f"Get [net_large.pth](https://lab.org/net_large.pth), [Mirror]({DRIVE})", "checkpoint"),
        (f"The test images are on [Dropbox]({BOX}) or [Baidu]({BAIDU}).", "dataset"),
        (f"The team: [Dropbox]({BOX}) or [Baidu]({BAIDU}).", "other"),
    ],
)
def test_mirrors_lead_to_one_thing(text: str, purposes: str) -> None:
    assert {link.purpose for link in classified(text).values()} == {purposes}


def test_what_only_stands_beside_is_no_mirror():
    found = outline(
        Document("README.md", f"[a]({BOX}), [Baidu]({BAIDU}); [holidays]({DRIVE}). Then [Drive]({DRIVE}x)", "a" * 64, "d", "readme")
    )
    assert [len(run) for run in runs(list(places(found)))] == [2]


def test_folders_within_a_folder_of_weights_hold_weights():
    text = """| Path | Description |
|---|---|
| [pretrained](https://cdn.lab.org/greatnet/pretrained/) | Pre-trained models |
| [fig7-training-set-sweeps](https://cdn.lab.org/greatnet/pretrained/fig7-training-set-sweeps/) | Used in Fig. 7 |
| [images](https://cdn.lab.org/greatnet/images/) | Curated images |
"""
    found = {url.removeprefix("https://cdn.lab.org/greatnet/"): link.purpose for url, link in classified(text).items()}
    assert found == {"pretrained/": "checkpoint", "pretrained/fig7-training-set-sweeps/": "checkpoint", "images/": "dataset"}


def test_releases_that_a_link_calls_models():
    text = "[paper](https://arxiv.org/abs/2101.00001)\n**|**\n[pretrained models](https://github.com/lab/OtherNet/releases)\n**|**\n[demo](https://a.b)"
    assert classified(text)["https://github.com/lab/OtherNet/releases"].purpose == "checkpoint"
    assert classified("[news](https://github.com/lab/OtherNet/releases)")["https://github.com/lab/OtherNet/releases"].purpose == "other"
