"""``lpr data audit``: what is ranked first, what a review writes, and what its server refuses."""

from __future__ import annotations

import csv
import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from click.testing import CliRunner

import lpr
from lpr.cli import cli
from lpr.errors import LprError, OutputError, SourceError
from lpr.labels import read_labels
from lpr_training.audit.decisions import Decisions
from lpr_training.audit.ranking import Suspect, rank
from lpr_training.audit.review import Review
from lpr_training.audit.server import AuditServer
from lpr_training.audit.table import Correction, Table
from lpr_training.datasets.rendered import HeldOut
from lpr_training.datasets.write_rendered import write_crops

PLATES = 8
HEADER = ["file", "split", "xmin", "ymin", "xmax", "ymax", "text", "who"]


# ---------------------------------------------------------------------------- ranking


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight plates that are easy to read, one in each picture."""
    folder = tmp_path_factory.mktemp("plates")
    write_crops(folder, HeldOut(PLATES, seed=7, widths=(150.0, 200.0)))
    return folder


@pytest.fixture
def plates(rendered: Path, tmp_path: Path) -> Path:
    """The eight plates as a set with a split, hyphens and a column of its own."""
    rows = read_rows(rendered / "labels.csv")
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "images").symlink_to(rendered / "images")
    with (tmp_path / "set" / "labels.csv").open("w", newline="") as stream:
        table = csv.DictWriter(stream, HEADER)
        table.writeheader()
        for number, row in enumerate(rows):
            split = "val" if number % 4 == 3 else "train"
            more = {"split": split, "text": hyphenated(row["text"]), "who": f"no. {number}"}
            table.writerow({**row, **more})
    return tmp_path / "set"


def hyphenated(text: str) -> str:
    return f"{text[:3]}-{text[3:]}"


def read_rows(file: Path) -> list[dict[str, str]]:
    with file.open(newline="", encoding="utf-8-sig") as stream:
        return list(csv.DictReader(stream))


def relabel(folder: Path, number: int, **values: str) -> dict[str, str]:
    """Change a row of a set; the row as it was before."""
    rows = read_rows(folder / "labels.csv")
    before = dict(rows[number])
    rows[number] |= values
    with (folder / "labels.csv").open("w", newline="", encoding="utf-8") as stream:
        table = csv.DictWriter(stream, HEADER)
        table.writeheader()
        table.writerows(rows)
    return before


def audit(*arguments: object) -> tuple[list[dict[str, Any]], str]:
    """The records of an audit, and what it says beside them."""
    result = CliRunner().invoke(cli, ["data", "audit", *map(str, arguments)])
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()], result.stderr


def slip(text: str) -> str:
    """The last character by another of its kind, so that the text stays legal."""
    others = "72" if text[-1].isdigit() else "TK"
    return text[:-1] + next(char for char in others if char != text[-1])


def test_a_wrong_label_comes_first(plates: Path) -> None:
    right = read_rows(plates / "labels.csv")[5]
    relabel(plates, 5, text=slip(right["text"]))
    records, said = audit(plates)
    assert len(records) == PLATES
    assert [record["rank"] for record in records] == list(range(1, PLATES + 1))
    first, second = records[:2]
    assert (first["file"], first["label"]) == (right["file"], slip(right["text"]))
    assert first["reading"] == right["text"].replace("-", "")
    assert "the model reads something else" in first["reasons"]
    assert first["disagreement"] > 3 > second["disagreement"]
    assert len(said.splitlines()) == 1
    assert said.startswith("lpr: 8 labels, 1 that the model reads differently")


def test_an_illegal_label_is_above_the_plausible_ones_and_says_why(plates: Path) -> None:
    text = read_rows(plates / "labels.csv")[2]["text"]
    relabel(plates, 2, text=text + "99")
    first = audit(plates)[0][0]
    assert first["label"] == text + "99"
    assert "the label fits no format of tw" in first["reasons"]
    assert first["score"] >= first["disagreement"] + 7


def test_what_is_seen_counts_more_than_formats(plates: Path) -> None:
    """Some of Taiwan's texts are none of Brazil's; the model reads them as they are labelled."""
    relabel(plates, 5, text="XYZ-8765")
    first, second, *_ = audit(plates, "--region", "br")[0]
    assert first["label"] == "XYZ-8765"
    assert second["reasons"] == ["the label fits no format of br"]


def test_characters_that_no_recognizer_knows_are_the_most_suspicious(plates: Path) -> None:
    rows = read_rows(plates / "labels.csv")
    relabel(plates, 1, text=rows[0]["text"])
    relabel(plates, 6, text="Ä" + rows[6]["text"][1:])
    first, second = audit(plates)[0][:2]
    assert first["label"].startswith("Ä")
    assert any("cannot read" in reason and "Ä" in reason for reason in first["reasons"])
    assert second["label"] == rows[0]["text"]


def test_a_text_of_no_known_character_is_a_text(plates: Path) -> None:
    relabel(plates, 2, text="???")
    relabel(plates, 3, text="-")
    records = audit(plates)[0]
    assert records[0]["label"] == "???"
    assert records[0]["disagreement"] == 100
    assert "-" not in {record["label"] for record in records}


def test_a_box_in_another_place_is_noted_with_the_models(plates: Path) -> None:
    row = read_rows(plates / "labels.csv")[4]
    x0, y0, x1, y1 = (float(row[name]) for name in ("xmin", "ymin", "xmax", "ymax"))
    relabel(plates, 4, xmax=f"{x0 + 0.4 * (x1 - x0):.1f}", ymax=f"{y0 + 0.6 * (y1 - y0):.1f}")
    (record,) = (r for r in audit(plates)[0] if r["file"] == row["file"])
    assert "the model's box is elsewhere" in record["reasons"]
    assert lpr.types.Box(*record["model_box"]).iou(lpr.types.Box(x0, y0, x1, y1)) > 0.6


def test_a_second_plate_that_is_labelled_is_nobody_elses_box(plates: Path) -> None:
    """Two rows of one picture: the better box of one is not proposed to the other."""
    rows = read_rows(plates / "labels.csv")
    with (plates / "labels.csv").open("a", newline="") as stream:
        row = {**rows[0], "xmin": "0", "ymin": "0", "xmax": "12", "ymax": "6", "text": "AB-1234"}
        csv.DictWriter(stream, HEADER).writerow(row)
    both = [record for record in audit(plates)[0] if record["file"] == rows[0]["file"]]
    assert len(both) == 2
    assert [record["model_box"] for record in both] == [None, None]


def test_other_recognizers_rank_too(plates: Path) -> None:
    text = read_rows(plates / "labels.csv")[5]["text"]
    relabel(plates, 5, text=slip(text))
    first = audit(plates, "--recognizer", "tw-light,tw-light-int8")[0][0]
    assert first["label"] == slip(text)


def test_splits_and_regions_are_heeded(plates: Path) -> None:
    assert len(audit(plates, "--split", "val")[0]) == 2
    records, _ = audit(plates, "--region", "br")
    assert any("fits no format of br" in " ".join(record["reasons"]) for record in records)


def test_what_cannot_be_audited_is_one_line(plates: Path, tmp_path: Path) -> None:
    def failure(*arguments: object) -> str:
        command = [sys.executable, "-m", "lpr", "data", "audit", *map(str, arguments)]
        run = subprocess.run(command, capture_output=True, text=True, check=False)
        assert run.returncode in (1, 2)
        assert run.stdout == ""
        assert "Traceback" not in run.stderr
        return run.stderr

    empty = tmp_path / "empty"
    empty.mkdir()
    assert re.fullmatch(r"lpr: .*labels\.csv.*\n", failure(empty))
    (empty / "labels.csv").write_text("file,xmin,ymin,xmax,ymax,text\n")
    assert re.fullmatch(r"lpr: .*labels\.csv: holds no picture\n", failure(empty))
    (empty / "labels.csv").write_text("file,xmin,ymin,xmax,ymax,text\na.png,1,2,3,4,\n")
    assert re.fullmatch(r"lpr: .*labels\.csv: no plate has a text.*\n", failure(empty))
    assert "splits there: train, val" in failure(plates, "--split", "dev")
    assert "--port is for --serve" in failure(plates, "--port", "1")
    (plates / "labels.audit.csv").write_text("file,text\n")
    assert "labels.audit.csv: not the decisions of an audit" in failure(plates)


def test_a_picture_that_is_gone_costs_only_itself(plates: Path) -> None:
    relabel(plates, 0, file="ge löscht.png")
    result = CliRunner().invoke(cli, ["data", "audit", str(plates)])
    assert len(result.stdout.splitlines()) == PLATES - 1
    assert "ge löscht.png" in result.stderr
    assert isinstance(result.exception, LprError)
    assert "1 pictures cannot be read" in str(result.exception)


# ---------------------------------------------------------------------------- the table


def test_what_is_not_corrected_stays_as_it_is_byte_for_byte(tmp_path: Path) -> None:
    raw = (
        '\ufefftext,file,"xmin",ymin,xmax,ymax,note\r\n'
        'ABC-1234,a.png,1.50,2,3e1,4,"says ""hm"", twice"\r\n'
        "\r\n"
        "abc 12,ä ö.png,01,2,3,4,\n"
        ',b.png,,,,,"two\nlines"\r\n'
        "QM-12,a.png,5,6,7,8,last"
    )
    (tmp_path / "labels.csv").write_bytes(raw.encode())
    table = Table.read(tmp_path)
    assert table.corrected({}) == raw.encode()
    (first, second), _ = table.pictures().values()
    change = {second: Correction(second.corners, "QM-1234")}
    assert table.corrected(change).decode() == raw.replace("QM-12,", "QM-1234,")
    change = {first: Correction(("1", "2", "30", "4"), first.text)}
    corrected = table.corrected(change).decode()
    assert corrected == raw.replace("1.50,2,3e1,4", "1,2,30,4")


# ---------------------------------------------------------------------------- the review


@dataclass
class Browser:
    """What a browser does with the page of a review, over real HTTP."""

    port: int
    token: str = ""

    def ask(
        self, method: str, path: str, body: object = None, **headers: str
    ) -> tuple[int, dict[str, str], bytes]:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=20)
        connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        data = b"" if body is None else json.dumps(body).encode()
        sent = {"Host": f"127.0.0.1:{self.port}", "X-Token": self.token}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        for name, value in {**sent, "Content-Length": str(len(data))}.items():
            connection.putheader(name, value)
        connection.endheaders(data)
        answer = connection.getresponse()
        try:
            return answer.status, dict(answer.getheaders()), answer.read()
        finally:
            connection.close()

    def open(self) -> str:
        """Load the page, and remember its token."""
        page = self.ask("GET", "/")[2].decode()
        (self.token,) = re.findall(r'TOKEN = "([\w-]+)"', page)
        return page

    def entries(self) -> list[dict[str, Any]]:
        return list(json.loads(self.ask("GET", "/entries")[2]))

    def decide(self, number: int, decision: str, text: str = "") -> dict[str, Any]:
        sent = {"number": number, "decision": decision, "text": text}
        status, _, body = self.ask("POST", "/decide", sent)
        assert status == 200, body
        return dict(json.loads(body))


@pytest.fixture(scope="module")
def reader() -> Iterator[lpr.Reader]:
    with lpr.load() as reader:
        yield reader


def ranked(reader: lpr.Reader, folder: Path) -> list[Suspect]:
    return rank(reader, Table.read(folder).pictures().items())[0]


@pytest.fixture
def wrong(plates: Path) -> Path:
    """The set, with the label of its first plate at row 1 and a slip at row 2."""
    rows = read_rows(plates / "labels.csv")
    relabel(plates, 1, text=rows[0]["text"])
    relabel(plates, 2, text=slip(rows[2]["text"]))
    return plates


@contextmanager
def served(reader: lpr.Reader, folder: Path) -> Iterator[Browser]:
    """A set under review, and a browser that has its page open."""
    review = Review("a <set>", ranked(reader, folder), Decisions(Table.read(folder)))
    with AuditServer() as server:
        thread = threading.Thread(target=server.serve, args=(review,))
        thread.start()
        try:
            browser = Browser(port_of(server))
            browser.open()
            yield browser
        finally:
            server.shutdown()
            thread.join()


def port_of(server: AuditServer) -> int:
    return int(server.address.rsplit(":", 1)[1].rstrip("/"))


def texts(folder: Path, name: str) -> list[str]:
    return [row["text"] for row in read_rows(folder / name)]


def test_decisions_correct_a_copy_and_never_the_labels(reader: lpr.Reader, wrong: Path) -> None:
    before = (wrong / "labels.csv").read_bytes()
    labels = texts(wrong, "labels.csv")
    with served(reader, wrong) as browser:
        first, second, third, fourth, *_ = browser.entries()
        assert (first["label"], second["label"]) == (labels[1], labels[2])
        assert browser.decide(0, "model")["decision"] == "model"
        browser.decide(1, "typed", " new 12 ")
        browser.decide(2, "confirmed")
        browser.decide(3, "unreadable")
    assert (wrong / "labels.csv").read_bytes() == before
    corrected = read_rows(wrong / "labels.corrected.csv")
    by_file = {row["file"]: row["text"] for row in corrected}
    assert by_file[first["file"]] == first["reading"]
    assert "-" in first["reading"]
    assert by_file[second["file"]] == "new 12"
    assert by_file[third["file"]] == third["label"]
    assert by_file[fourth["file"]] == ""
    originals = read_rows(wrong / "labels.csv")
    for row, original in zip(corrected, originals, strict=True):
        assert {**row, "text": ""} == {**original, "text": ""}
    log = read_rows(wrong / "labels.audit.csv")
    assert [row["decision"] for row in log] == ["model", "typed", "confirmed", "unreadable"]
    assert [row["label"] for row in log[:2]] == [labels[1], labels[2]]
    assert not list(wrong.glob("*.part")) + list(wrong.glob(".*.part"))


def test_corrections_are_read_in_the_labels_place(reader: lpr.Reader, wrong: Path) -> None:
    with served(reader, wrong) as browser:
        browser.decide(0, "model")
        browser.decide(1, "model")
    (before, after) = (
        json.loads(CliRunner().invoke(cli, ["eval", str(path), "--json"]).stdout)
        for path in (wrong, wrong / "labels.corrected.csv")
    )
    assert (before["texts_wrong"], after["texts_wrong"]) == (2, 0)
    assert len(read_labels(wrong / "labels.corrected.csv", "val")) == 2
    with pytest.raises(SourceError, match=r"labels\.none\.csv"):
        read_labels(wrong / "labels.none.csv")


def test_undo_takes_back_one_decision_after_the_other(reader: lpr.Reader, wrong: Path) -> None:
    with served(reader, wrong) as browser:
        browser.decide(0, "unreadable")
        browser.decide(0, "model")
        browser.decide(1, "unreadable")
        undone = [json.loads(browser.ask("POST", "/undo")[2]) for _ in range(4)]
    assert [entry and (entry["number"], entry["decision"]) for entry in undone] == [
        (1, None), (0, "unreadable"), (0, None), None,
    ]  # fmt: skip
    assert (wrong / "labels.corrected.csv").read_bytes() == (wrong / "labels.csv").read_bytes()
    assert read_rows(wrong / "labels.audit.csv") == []


def test_the_models_box_is_taken_and_the_text_decided_after_it(
    reader: lpr.Reader, plates: Path
) -> None:
    row = read_rows(plates / "labels.csv")[4]
    x0, y0, x1, y1 = (float(row[name]) for name in ("xmin", "ymin", "xmax", "ymax"))
    relabel(plates, 4, xmax=f"{x0 + 0.4 * (x1 - x0):.1f}", ymax=f"{y0 + 0.6 * (y1 - y0):.1f}")
    with served(reader, plates) as browser:
        entry = next(e for e in browser.entries() if e["file"] == row["file"])
        before = browser.ask("GET", f"/near/{entry['number']}")[2]
        browser.decide(entry["number"], "box")
        assert browser.ask("GET", f"/near/{entry['number']}")[2] != before
        browser.decide(entry["number"], "typed", "XY-77")
        number = next(e["number"] for e in browser.entries() if not e["has_box"])
        sent = {"number": number, "decision": "box"}
        status, _, said = browser.ask("POST", "/decide", sent)
        assert (status, "no other box" in said.decode()) == (409, True)
    corrected = read_rows(plates / "labels.corrected.csv")[4]
    box = lpr.types.Box(*(float(corrected[name]) for name in ("xmin", "ymin", "xmax", "ymax")))
    assert box.iou(lpr.types.Box(x0, y0, x1, y1)) > 0.6
    assert corrected["text"] == "XY-77"


def test_a_later_audit_goes_on_where_one_stopped(reader: lpr.Reader, wrong: Path) -> None:
    with served(reader, wrong) as browser:
        first = browser.decide(0, "confirmed")
        browser.decide(1, "model")
    records, said = audit(wrong)
    assert len(records) == PLATES - 2
    assert first["file"] not in [record["file"] for record in records]
    assert "2 decided already" in said
    with served(reader, wrong) as browser:
        assert [entry["decision"] for entry in browser.entries()[:3]] == [
            "confirmed",
            "model",
            None,
        ]
        browser.decide(2, "unreadable")
        assert json.loads(browser.ask("POST", "/undo")[2])["number"] == 2
        assert json.loads(browser.ask("POST", "/undo")[2])["number"] == 1
    # What was decided on holds for that label: another one in its place is asked anew.
    relabel(wrong, 1, text="ABC-1234")
    records, said = audit(wrong)
    assert len(records) == PLATES
    assert "1 decisions on labels that no longer exist" in said
    assert len(read_rows(wrong / "labels.audit.csv")) == 1


def test_rows_of_one_picture_are_decided_apart_and_equal_ones_together(
    reader: lpr.Reader, plates: Path
) -> None:
    row = read_rows(plates / "labels.csv")[0]
    with (plates / "labels.csv").open("a", newline="") as stream:
        table = csv.DictWriter(stream, HEADER)
        table.writerows([{**row, "text": "AB-1234"}, row])
    with served(reader, plates) as browser:
        assert len(browser.entries()) == PLATES + 1
        assert browser.entries()[0]["label"] == "AB-1234"
        browser.decide(0, "unreadable")
        same = next(e for e in browser.entries() if e["label"] == row["text"])
        browser.decide(same["number"], "typed", "TWICE-2")
    corrected = texts(plates, "labels.corrected.csv")
    assert (corrected[0], *corrected[PLATES:]) == ("TWICE-2", "", "TWICE-2")


def test_what_others_change_meanwhile_is_not_overwritten(reader: lpr.Reader, wrong: Path) -> None:
    with served(reader, wrong) as browser:
        browser.decide(0, "confirmed")
        relabel(wrong, 5, text="CHANGED-1")
        sent = {"number": 1, "decision": "model"}
        status, _, said = browser.ask("POST", "/decide", sent)
        assert status == 409
        assert "labels.csv: was changed by another program" in json.loads(said)["error"]
        assert browser.entries()[1]["decision"] is None
    assert len(read_rows(wrong / "labels.audit.csv")) == 1


# ---------------------------------------------------------------------------- the server


def test_the_page_shows_pictures_and_needs_no_network(reader: lpr.Reader, wrong: Path) -> None:
    with served(reader, wrong) as browser:
        page = browser.open()
        assert "a &lt;set&gt;" in page
        assert not re.search(r"(?:src|href)=[\"']?(?:https?:)?//|@import|url\(", page)
        for view in ("near", "far"):
            status, headers, body = browser.ask("GET", f"/{view}/0?7")
            assert (status, headers["Content-Type"]) == (200, "image/jpeg")
            assert cv2.imdecode(np.frombuffer(body, np.uint8), cv2.IMREAD_COLOR) is not None
        (wrong / "images").unlink()
        status, _, said = browser.ask("GET", "/near/0")
        assert status == 409
        assert browser.entries()[0]["file"] in json.loads(said)["error"]


def test_others_are_refused(reader: lpr.Reader, wrong: Path) -> None:
    decision = {"number": 0, "decision": "confirmed"}
    with served(reader, wrong) as browser:
        port, token = browser.port, browser.token

        def status(method: str, path: str, body: object = None, **headers: str) -> int:
            return browser.ask(method, path, body, **headers)[0]

        for host in ("evil.example", f"evil.example:{port}", "127.0.0.1:1", ""):
            assert status("GET", "/", Host=host) == 403
            assert status("POST", "/decide", decision, Host=host) == 403
        for wrong_token in ("", "x", token + "x", "ä"):
            assert status("POST", "/decide", decision, X_Token=wrong_token) == 403
            assert status("POST", "/undo", X_Token=wrong_token) == 403
            assert status("GET", "/entries", X_Token=wrong_token) == 403
        assert status("POST", "/decide", decision, Origin="http://evil.example") == 403
        assert not (wrong / "labels.audit.csv").exists()
        assert status("GET", "/", Host=f"localhost:{port}") == 200
        same = f"http://localhost:{port}"
        assert status("POST", "/decide", decision, Origin=same) == 200


@pytest.mark.parametrize(
    "path",
    [
        "/near/../../labels.csv", "/near/%2e%2e%2flabels.csv", "/labels.csv", "/images/00000.png",
        "//etc/passwd", "/near/99", "/near/-1", "/near/0/../1", "/near/", "/far/0%00",
    ],
)  # fmt: skip
def test_only_pictures_of_the_set_are_served(reader: lpr.Reader, plates: Path, path: str) -> None:
    with served(reader, plates) as browser:
        status, headers, body = browser.ask("GET", path)
        assert (status, headers["Content-Type"]) == (404, "application/json")
        assert b"file,split" not in body


@pytest.mark.parametrize(
    "sent",
    [
        None, [], "x", {}, {"number": "0", "decision": "confirmed"}, {"number": 0},
        {"number": True, "decision": "confirmed"}, {"number": 0, "decision": "deleted"},
        {"number": 0, "decision": "typed", "text": 7}, {"number": 0, "decision": ["box"]},
        {"number": -1, "decision": "confirmed"}, {"number": 10**9, "decision": "confirmed"},
        {"number": 0, "decision": "typed", "text": " - "},
        {"number": 0, "decision": "typed", "text": "A\n1"},
        {"number": 0, "decision": "typed", "text": "Ä1234"},
        {"number": 0, "decision": "typed", "text": "=1+1"},
        {"number": 0, "decision": "typed", "text": "A1" * 40},
        {"number": 0, "decision": "typed", "text": "A1" * 4000},
    ],
)  # fmt: skip
def test_what_is_no_decision_is_refused(reader: lpr.Reader, plates: Path, sent: object) -> None:
    with served(reader, plates) as browser:
        assert browser.ask("POST", "/decide", sent)[0] in (400, 404, 409)
    assert not (plates / "labels.audit.csv").exists()


def test_a_port_that_is_taken_is_named() -> None:
    with AuditServer() as server:
        port = port_of(server)
        with pytest.raises(OutputError, match=f"port {port} of 127.0.0.1"):
            AuditServer(port)


def test_ctrl_c_ends_it_cleanly(wrong: Path) -> None:
    command = [sys.executable, "-m", "lpr", "data", "audit", str(wrong), "--serve"]
    with subprocess.Popen(
        command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as run:
        assert run.stderr
        summary, address = (run.stderr.readline() for _ in range(2))
        assert "8 labels, 2 that the model reads differently" in summary
        (port,) = re.findall(r"http://127\.0\.0\.1:(\d+)/", address)
        Browser(int(port)).open()
        os.kill(run.pid, signal.SIGINT)
        stdout, rest = run.communicate(timeout=20)
    assert (run.returncode, stdout, rest) == (0, "", "")


def test_no_command_of_lpr_data_brings_pytorch(wrong: Path) -> None:
    code = (
        "import sys; from click.testing import CliRunner; from lpr.cli import cli; "
        f"r = CliRunner().invoke(cli, ['data', 'audit', {str(wrong)!r}]); "
        "print(r.exit_code, 'torch' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["0", "False"]
