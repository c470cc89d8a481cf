"""What every kind of dataset promises, and how each kind reads what is broken."""

from __future__ import annotations

import csv
import hashlib
import importlib.util
import io
import json
import subprocess
import sys
import tracemalloc
from typing import TYPE_CHECKING

import pytest

from llmops.datasets import READERS, azureml, open_dataset
from llmops.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

ROWS = [
    {"text": "Grüße, “quoted”", "label": "good"},
    {"text": "two\nlines, and a comma", "label": "bad"},
    {"text": "", "label": "none"},
]


def as_jsonl(rows: Sequence[dict[str, str]]) -> bytes:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


def as_csv(rows: Sequence[dict[str, str]]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, fieldnames=list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def as_parquet(rows: Sequence[dict[str, str]]) -> bytes:
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    buffer = io.BytesIO()
    parquet.write_table(pyarrow.Table.from_pylist(list(rows)), buffer)
    return buffer.getvalue()


KINDS = {".jsonl": as_jsonl, ".csv": as_csv, ".parquet": as_parquet}


@pytest.fixture(params=KINDS)
def suffix(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def faults_of(path: Path, content: bytes) -> list[str]:
    path.write_bytes(content)
    return [str(fault) for fault in open_dataset(path, path.name).survey.faults]


def test_every_kind_is_held_to_the_contract() -> None:
    assert set(KINDS) == set(READERS)


class TestEveryKind:
    def test_lines_come_in_order_as_often_as_asked(self, tmp_path: Path, suffix: str) -> None:
        path = tmp_path / f"data{suffix}"
        path.write_bytes(KINDS[suffix](ROWS))
        dataset = open_dataset(path, "data")
        assert list(dataset.lines()) == ROWS
        assert list(dataset.lines()) == ROWS
        assert dataset.count() == 3
        assert dataset.columns() == ("text", "label")
        assert dataset.survey.faults == ()

    def test_digest_is_of_the_file(self, tmp_path: Path, suffix: str) -> None:
        path = tmp_path / f"data{suffix}"
        path.write_bytes(KINDS[suffix](ROWS))
        expected = hashlib.sha256(path.read_bytes()).hexdigest()
        assert open_dataset(path, "data").digest() == expected

    def test_garbage_is_a_fault_and_ends_the_lines(self, tmp_path: Path, suffix: str) -> None:
        path = tmp_path / f"data{suffix}"
        if suffix == ".parquet":
            pytest.importorskip("pyarrow")
        path.write_bytes(b'a,b\n"\xff\xfe{"')
        dataset = open_dataset(path, "data")
        assert dataset.survey.faults
        with pytest.raises(ConfigError, match=r"^data"):
            list(dataset.lines())


@pytest.mark.parametrize("suffix", [".jsonl", ".csv"])
class TestText:
    def test_windows_files_read_the_same(self, tmp_path: Path, suffix: str) -> None:
        path = tmp_path / f"data{suffix}"
        rows = [ROWS[0], ROWS[2]]
        unix = KINDS[suffix](rows).replace(b"\r\n", b"\n")
        path.write_bytes(b"\xef\xbb\xbf" + unix.replace(b"\n", b"\r\n") + b"\r\n\r\n")
        assert list(open_dataset(path, "data").lines()) == rows

    def test_memory_does_not_grow_with_the_lines(self, tmp_path: Path, suffix: str) -> None:
        path = tmp_path / f"data{suffix}"
        path.write_bytes(KINDS[suffix]([{"text": "x" * 500, "label": "good"}] * 8_000))
        dataset = open_dataset(path, "data")
        tracemalloc.start()
        try:
            assert sum(1 for _ in dataset.lines()) == 8_000
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert peak < 1_000_000  # the file has 4 MB


class TestJsonLines:
    def test_each_unreadable_line_has_its_number(self, tmp_path: Path) -> None:
        lines = [b'{"a": 1}', b"", b"{'a': 1}", b"[1]", b'"text"', b'{"a": "\xff"}', b'{"a": NaN}']
        assert faults_of(tmp_path / "d.jsonl", b"\n".join(lines)) == [
            (
                "d.jsonl, line 3: not valid JSON: Expecting property name enclosed in double "
                "quotes (character 2); allowed: one JSON object per line"
            ),
            "d.jsonl, line 4: not an object but a list; allowed: one JSON object per line",
            "d.jsonl, line 5: not an object; allowed: one JSON object per line",
            "d.jsonl, line 6: not UTF-8 (byte 8); allowed: UTF-8",
            "d.jsonl, line 7: not valid JSON: NaN is not JSON; allowed: one JSON object per line",
        ]

    def test_nesting_without_end_is_a_fault(self, tmp_path: Path) -> None:
        (fault,) = faults_of(tmp_path / "d.jsonl", b"[" * 200_000)
        assert fault.startswith("d.jsonl, line 1: not valid JSON")

    def test_columns_are_those_of_any_line(self, tmp_path: Path) -> None:
        path = tmp_path / "d.jsonl"
        path.write_bytes(b'{"a": 1}\n{"b": 2}\n')
        assert open_dataset(path, "d").columns() == ("a", "b")


class TestCsv:
    def test_values_stay_text(self, tmp_path: Path) -> None:
        path = tmp_path / "d.csv"
        path.write_text("number,flag\n1,true\n")
        assert list(open_dataset(path, "d").lines()) == [{"number": "1", "flag": "true"}]

    def test_ragged_rows_have_the_number_of_their_first_line(self, tmp_path: Path) -> None:
        content = b'a,b\n1,2\n"x\ny",2\n3\n"x\ny",2,3\n'
        assert faults_of(tmp_path / "d.csv", content) == [
            "d.csv, line 5: 1 values; allowed: 2, as in the header",
            "d.csv, line 6: 3 values; allowed: 2, as in the header",
        ]

    def test_lines_that_are_not_utf8_are_named_and_only_those(self, tmp_path: Path) -> None:
        path = tmp_path / "d.csv"
        assert faults_of(path, b"a,b\n1,\xff\n2,3\n") == [
            "d.csv, line 2: not UTF-8 (byte 3); allowed: UTF-8"
        ]
        assert open_dataset(path, "d").count() == 1

    def test_a_header_must_name_each_column_once(self, tmp_path: Path) -> None:
        assert faults_of(tmp_path / "d.csv", b"a,,a\n1,2,3\n") == [
            "d.csv, line 1: column 'a' is there twice",
            "d.csv, line 1: a column has no name",
        ]

    def test_an_empty_file_has_no_header(self, tmp_path: Path) -> None:
        assert faults_of(tmp_path / "d.csv", b"") == [
            "d.csv: no header; allowed: column names first"
        ]

    def test_an_open_quote_is_a_fault(self, tmp_path: Path) -> None:
        assert faults_of(tmp_path / "d.csv", b'a\n"1\n') == [
            "d.csv, line 2: not valid CSV: unexpected end of data"
        ]

    def test_documents_are_fair_values(self, tmp_path: Path) -> None:
        path = tmp_path / "d.csv"
        path.write_text("a\n" + "x" * 200_000 + "\n")
        assert open_dataset(path, "d").count() == 1


class TestParquet:
    def test_values_without_a_json_type_become_text(self, tmp_path: Path) -> None:
        pyarrow = pytest.importorskip("pyarrow")
        parquet = pytest.importorskip("pyarrow.parquet")
        path = tmp_path / "d.parquet"
        day = pyarrow.scalar(0, pyarrow.date32())
        parquet.write_table(pyarrow.table({"day": [day.as_py()], "n": [1]}), path)
        assert list(open_dataset(path, "d").lines()) == [{"day": "1970-01-01", "n": 1}]

    @pytest.mark.skipif(
        importlib.util.find_spec("pyarrow") is not None, reason="only without pyarrow"
    )
    def test_without_pyarrow_the_fault_says_how_to_get_it(self, tmp_path: Path) -> None:
        (fault,) = faults_of(tmp_path / "d.parquet", b"")
        assert fault.endswith("install it: uv sync --extra parquet")

    def test_pyarrow_is_imported_by_nothing_else(self) -> None:
        code = "import sys, llmops.datasets; sys.exit('pyarrow' in sys.modules)"
        assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


class TestAzureMachineLearning:
    def test_says_what_to_do(self) -> None:
        fault = str(azureml.fault("azureml:reviews:3", "experiment.yaml: datasets.reviews.source"))
        assert "data asset of an Azure ML workspace" in fault
        assert "`azure` extra" in fault

    def test_a_name_without_a_version_is_no_asset(self) -> None:
        assert "azureml:<name>:<version>" in str(azureml.fault("azureml:reviews", "x"))
