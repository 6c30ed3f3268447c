"""What kind of place an address is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.addresses import Address, google_drive_id, has_file_name, locate

CORPUS = Path(__file__).parents[2] / "shared" / "corpus"

PLACES = [
    ("https://cloud.university.edu/f/229e8cccedc2419f987e/", "other", "file"),
    ("https://box.university.de/d/fb9f16d6dc8f482596c2/", "other", "folder"),
    ("https://cloud.lab.org/index.php/s/AbCdEfGhIjKlMnO", "other", "folder"),
    ("https://cloud.lab.org/s/AbCdEfGhIjKlMnO/download", "other", "file"),
    ("https://blog.lab.org/d/2020", "other", "page"),
    ("https://drive.google.com/drive/folders/12H7zkLvmJtrkCmAUAPkQ6788WAnO60gI?usp=sharing", "google_drive", "folder"),
    ("https://drive.google.com/drive/u/0/folders/1kZM55bwsRdS__bdnsXpkmH6QPyza-9-N", "google_drive", "folder"),
    ("https://drive.google.com/drive/mobile/folders/0B63t5HSgY4SQQ2FBRE5rQ2EzbjQ?resourcekey=0-abc", "google_drive", "folder"),
    ("https://drive.google.com/folderview?id=0B63t5HSgY4SQQ2FBRE5rQ2EzbjQ", "google_drive", "folder"),
    ("https://drive.google.com/open?id=1VAP9l5GL5fgptgKDLio_h3nMe7X9W0Mf", "google_drive", "file"),
    ("https://drive.google.com/uc?export=download&id=1VAP9l5GL5fgptgKDLio_h3nMe7X9W0Mf", "google_drive", "file"),
    ("https://drive.google.com/file/d/1R_H-fJYXSH79wfSKs9D-fuKQVan5L-GR/view", "google_drive", "file"),
    ("https://drive.usercontent.google.com/download?id=1R_H-fJYXSH79wfSKs9D-fuKQVan5L-GR", "google_drive", "file"),
    ("https://docs.google.com/uc?id=1R_H-fJYXSH79wfSKs9D-fuKQVan5L-GR", "google_drive", "file"),
    ("https://docs.google.com/spreadsheets/d/1R_H/edit", "google_docs", "page"),
    ("https://colab.research.google.com/drive/1n1UK4ihfiySTWTDuusAhm_6CLm1h4bTj", "other", "page"),
    ("https://huggingface.co/org/name", "hugging_face", "repo"),
    ("https://huggingface.co/org/name/tree/main", "hugging_face", "repo"),
    ("https://huggingface.co/org/name/tree/main/sub", "hugging_face", "folder"),
    ("https://huggingface.co/org/name/resolve/main/a/model.safetensors", "hugging_face", "file"),
    ("https://huggingface.co/org/name/blob/main/pytorch_model.bin", "hugging_face", "file"),
    ("https://huggingface.co/datasets/org/name/resolve/main/a.zip", "hugging_face", "file"),
    ("https://huggingface.co/datasets/org/name", "hugging_face", "repo"),
    ("https://huggingface.co/hfl", "hugging_face", "page"),
    ("https://huggingface.co/spaces/org/name", "hugging_face", "page"),
    ("https://hf.co/org/name", "hugging_face", "repo"),
    ("https://hf-mirror.com/org/name/resolve/main/m.bin", "hugging_face", "file"),
    ("https://huggingface.co/spaces/org/name/blob/main/m.pth", "hugging_face", "file"),
    ("https://huggingface.co/bert-base/resolve/main/m.bin", "hugging_face", "file"),
    ("https://huggingface.co/bert-base/tree/main", "hugging_face", "repo"),
    ("https://huggingface.co/buckets/org/name", "hugging_face", "page"),
    ("https://cdn-lfs.huggingface.co/org/name/0123", "other", "page"),
    ("https://discuss.huggingface.co/t/how-to/5", "other", "page"),
    ("hf://org/name", "hugging_face", "repo"),
    ("hf://datasets/org/name@v1/a.zip", "hugging_face", "file"),
    ("hf://org/name/weights", "hugging_face", "folder"),
    ("hf://nonsense", "hugging_face", "page"),
    ("https://codeload.github.com/o/n/zip/refs/heads/main", "github", "file"),
    ("https://docs.github.com/en/rest", "github", "page"),
    ("https://github.com/user-attachments/files/123/w.zip", "github", "file"),
    ("https://docs.google.com/folderview?id=0B63t5HSgY4SQQ2FBRE5rQ2EzbjQ", "google_drive", "folder"),
    ("https://docs.google.com/a/example.org/uc?id=1R_H-fJYXSH79wfSKs9D-fuKQVan5L-GR", "google_drive", "file"),
    ("https://github.com/o/n", "github", "repo"),
    ("https://github.com/o/n/releases/download/v1/a.pth", "github_release", "file"),
    ("https://github.com/o/n/releases/tag/v1", "github_release", "page"),
    ("https://github.com/o/n/releases", "github_release", "page"),
    ("https://github.com/o/n/raw/main/a.pth", "github", "file"),
    ("https://github.com/o/n/blob/main/a.pth", "github", "file"),
    ("https://github.com/o/n/blob/main/README.md", "github", "page"),
    ("https://github.com/o/n/tree/main/weights", "github", "folder"),
    ("https://github.com/o/n/issues/3", "github", "page"),
    ("https://raw.githubusercontent.com/o/n/main/a.pth", "github", "file"),
    ("https://gist.github.com/o/abc", "other", "page"),
    ("https://zenodo.org/record/123", "zenodo", "folder"),
    ("https://zenodo.org/records/123/files-archive", "zenodo", "folder"),
    ("https://zenodo.org/api/records/123/files/a.pt/content", "zenodo", "file"),
    ("https://zenodo.org/badge/latestdoi/123", "zenodo", "folder"),
    ("https://zenodo.org/badge/DOI/10.5281/zenodo.123.svg", "zenodo", "page"),
    ("https://zenodo.org/communities/x", "zenodo", "page"),
    ("https://doi.org/10.5281/zenodo.123", "zenodo", "folder"),
    ("https://doi.org/10.6084/m9.figshare.123.v2", "figshare", "folder"),
    ("https://doi.org/10.17605/OSF.IO/ABCDE", "osf", "folder"),
    ("https://doi.org/10.7910/DVN/ABCDEF", "dataverse", "folder"),
    ("https://doi.org/10.17632/abcde12345.1", "mendeley", "folder"),
    ("https://doi.org/10.1109/CVPR.2020.00001", "other", "page"),
    ("https://figshare.com/collections/x/123", "figshare", "folder"),
    ("https://figshare.com/s/abcdef0123", "figshare", "folder"),
    ("https://figshare.com/authors/x/123", "figshare", "page"),
    ("https://files.osf.io/v1/resources/abcde/providers/osfstorage/0123456789abcdef01234567", "osf", "file"),
    ("https://files.osf.io/v1/resources/abcde/providers/osfstorage/", "osf", "folder"),
    ("https://data.mendeley.com/datasets/abcde12345/1", "mendeley", "folder"),
    ("https://dataverse.harvard.edu/dataset.xhtml?persistentId=doi:10.7910/DVN/ABCDEF", "dataverse", "folder"),
    ("https://dataverse.harvard.edu/api/access/datafile/123", "dataverse", "file"),
    ("https://www.modelscope.cn/models/o/n/resolve/master/a.bin", "modelscope", "file"),
    ("https://www.modelscope.cn/models/o/n/file/view/master/a.bin", "modelscope", "file"),
    ("https://www.modelscope.cn/models/o/n/tree/master/sub", "modelscope", "folder"),
    ("https://www.modelscope.cn/studios/o/n", "modelscope", "page"),
    ("https://zenodo.org/records/123/files/a.pt?download=1", "zenodo", "file"),
    ("https://figshare.com/articles/dataset/x/123", "figshare", "folder"),
    ("https://ndownloader.figshare.com/files/123", "figshare", "file"),
    ("https://osf.io/abcde/download", "osf", "file"),
    ("https://osf.io/abcde/", "osf", "folder"),
    ("https://www.dropbox.com/s/abc/a.zip?dl=0", "dropbox", "file"),
    ("https://www.dropbox.com/sh/abc/AAA?dl=0", "dropbox", "folder"),
    ("https://www.dropbox.com/scl/fo/abc/AAA?rlkey=x", "dropbox", "folder"),
    ("https://dl.dropboxusercontent.com/s/4j4z58wuv8o0mfz/models.zip", "dropbox", "file"),
    ("https://1drv.ms/f/s!AhIXJn_J-blWzzDXoz5BeFl8sWM-", "onedrive", "folder"),
    ("https://1drv.ms/u/s!AimBgYV7JjTlgccZeiFjh4DJ7gjYyg?e=iTMdMq", "onedrive", "file"),
    ("https://x-my.sharepoint.com/:f:/g/personal/a_b_c/Ept_oetyUG?e=C", "onedrive", "folder"),
    ("https://megvii-my.sharepoint.cn/:u:/g/personal/a/EW62g?e=N", "onedrive", "file"),
    ("https://pan.baidu.com/s/1_abc?pwd=qfh8", "baidu", "file"),
    ("https://www.modelscope.cn/models/damo/cv_x/summary", "modelscope", "repo"),
    ("https://www.kaggle.com/datasets/o/n", "kaggle", "repo"),
    ("https://arxiv.org/abs/2003.12039", "arxiv", "page"),
    ("https://dl.fbaipublicfiles.com/detr/detr-r50-e632da11.pth", "direct", "file"),
    ("https://storage.googleapis.com/bert_models/x/wwm_A-16.zip", "direct", "file"),
    ("https://storage.googleapis.com/vit_models/", "gcs", "folder"),
    ("https://s3.eu-central-1.amazonaws.com/avg/a.pt", "direct", "file"),
    ("https://bucket.s3.amazonaws.com/", "s3", "folder"),
    ("s3://bucket/key/", "s3", "folder"),
    ("gs://bucket/a.ckpt", "gcs", "file"),
    ("https://a.blob.core.windows.net/c/", "azure", "folder"),
    ("https://mega.nz/file/abc#def", "mega", "file"),
    ("https://mega.nz/folder/abc#def", "mega", "folder"),
    ("http://cocodataset.org/#home", "other", "page"),
    ("https://x.y/index.html", "other", "page"),
    ("https://notgithub.com/o/n/releases/download/v1/a.pth", "direct", "file"),
    ("https://github.com.evil.org/o/n", "other", "page"),
    ("weights/a.pth", "other", "page"),
    ("mailto:a@b.c", "other", "page"),
    ("", "other", "page"),
    ("http://[broken", "other", "page"),
    ("http://a.b:port/x.pth", "direct", "file"),
]


@pytest.mark.parametrize(("url", "host", "target"), PLACES)
def test_a_place_is_told_from_its_address(url: str, host: str, target: str) -> None:
    assert locate(url) == Address(host, target)


@given(st.text(max_size=80) | st.text(max_size=60).map(lambda text: f"https://{text}") | st.sampled_from([url for url, *_ in PLACES]))
def test_no_address_raises(url: str) -> None:
    address = locate(url)
    assert address.target in ("file", "folder", "repo", "page")
    assert address.host


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("https://drive.google.com/file/d/1R_H-fJYXSH79wfSKs9D-fuKQVan5L-GR/view?usp=sharing", "1R_H-fJYXSH79wfSKs9D-fuKQVan5L-GR"),
        ("https://drive.google.com/drive/u/1/folders/12H7zkLvmJtrkCmAUAPkQ6788WAnO60gI", "12H7zkLvmJtrkCmAUAPkQ6788WAnO60gI"),
        ("https://drive.google.com/uc?export=download&id=1VAP9l5GL5fgptgKDLio_h3nMe7X9W0Mf", "1VAP9l5GL5fgptgKDLio_h3nMe7X9W0Mf"),
        ("https://drive.google.com/drive/my-drive", None),
        ("http://[broken", None),
    ],
)
def test_the_id_of_a_drive_address(url: str, key: str | None) -> None:
    assert google_drive_id(url) == key


def test_a_web_page_is_no_file_name() -> None:
    assert has_file_name("/a/b.pth.tar")
    assert not has_file_name("/a/b.html")
    assert not has_file_name("/a/b")
    assert not has_file_name("/v1.0")


@pytest.mark.skipif(not CORPUS.exists(), reason="the labelled corpus is not here")
def test_hosts_and_targets_agree_with_the_labels() -> None:
    """Checkpoints only; the labels call GitHub's code repositories `other`, and one URL says nothing of file or folder on Baidu."""
    links = [
        link for file in CORPUS.glob("*/labels.json") for link in json.loads(file.read_text())["links"] if link["purpose"] == "checkpoint"
    ]
    agreed = sum(locate(link["url"]) == Address(link["host"], link["target"]) for link in links)
    assert agreed / len(links) > 0.96
