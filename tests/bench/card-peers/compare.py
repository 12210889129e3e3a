#!/usr/bin/env python3
"""Reads the same virtual cards with several readers over one private pcscd, and prints what each needed and got.

    compare.py --programs FOLDER --reader NAME=COMMAND… [--rounds N] [--missing NAME=WHY…]

Started by `run`, which builds everything. A reader is a program that reads the card that is in for each line of
its input, `text` or `all`, and answers with one line of JSON: the fields by the bank's names, `text_ms`, `all_ms`,
or `error`. What is right is what tests/cards/expected says. The card itself counts its exchanges.
"""

import argparse
import base64
import json
import os
import queue
import re
import shlex
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

TESTS = Path(__file__).resolve().parents[2]
CARDS = TESTS / "cards"

# The model of crates/card/README.md: what a reader and a card of their kind take.
EXCHANGE_MS = 2
SPEEDS = {"250 kbaud": 250_000, "10.75 kbaud": 10_750}
# The photo with which the targets are stated, and a smaller one.
PHOTO_BYTES = (4_967, 3_000)
# The slowest reading takes 8 s; what takes longer hangs.
ANSWER_WITHIN = 15
HUNG = "no answer in time"
READY_WITHIN = 20
# pcscd looks every 0.4 s; a card that is out for less time was never out.
ABSENCE = 0.9
PHOTO_AT, PHOTO_LENGTH_AT = 0x017B, 0x0179

# After these there is no card in the reader, or one to which somebody still waits for an answer.
LEAVE = ("evil/mute", "evil/mute-in-text", "evil/no-status-word", "evil/pulled")

FIELDS = (
    "chip number", "BP1 number", "citizen id", "Thai name as one text", "Thai name in parts",
    "English name as one text", "English name in parts", "birth date", "issue date", "expiry date",
    "whole address", "house, moo, soi and road", "the three districts", "photo whole, padding aside",
    "photo to the byte",
)


# The machine. -------------------------------------------------------------------------------------------------

class Service:
    """A pcscd of its own with one virtual reader."""

    def __init__(self, folder):
        self.port = free_ports()
        self.environment = dict(os.environ, PCSCLITE_CSOCK_NAME=f"{folder}/pcscd.comm")
        launcher = [sys.executable, TESTS / "pcscd/private_pcscd.py", folder, str(self.port)]
        self.process = subprocess.Popen(launcher, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        Lines(self.process.stdout).until("daemon ready", READY_WITHIN)

    def end(self):
        self.process.kill()
        self.process.wait()


class Card:
    """A simulated card in the reader."""

    def __init__(self, service, simulator, name, baud=None):
        command = [simulator, "card", "--vpcd", f"127.0.0.1:{service.port}", "--card", name]
        if baud:
            command += ["--baud", str(baud), "--exchange-ms", str(EXCHANGE_MS)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
        self.lines = Lines(self.process.stdout)
        self.lines.until("inserted", READY_WITHIN)

    def order(self, order, answer):
        self.process.stdin.write(order + "\n")
        return self.lines.until(answer, READY_WITHIN)

    def become(self, name):
        """False if this is no card that can be played."""
        return "became" in self.order(f"become {name}", ("became", "not understood"))

    def leave_and_come(self):
        """Puts the card in anew, wherever it is; frees whoever still waits for an answer."""
        self.process.stdin.write("eject\n")
        self.order("insert", "inserted")
        # Whoever comes next shall not meet the commotion of this.
        time.sleep(ABSENCE)

    def exchanges(self):
        return int(self.order("count", "exchanges").split()[-1])

    def leave(self):
        self.process.stdin.write("quit\n")
        self.process.wait()
        time.sleep(ABSENCE)


class Reader:
    """One of the programs that are compared; started again when it hangs."""

    def __init__(self, name, command, service):
        self.name, self.command, self.environment = name, shlex.split(command), service.environment
        self.process, self.lines = None, None

    def read(self, order):
        if self.process is None:
            self.process = subprocess.Popen(
                self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                bufsize=1, env=self.environment,
            )
            self.lines = Lines(self.process.stdout)
        self.process.stdin.write(order + "\n")
        line = self.lines.next(ANSWER_WITHIN)
        if not line:
            self.end()
            return {"error": HUNG}
        return json.loads(line)

    def end(self):
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None


class Lines:
    """The lines of a stream as they come; a thread reads them, so that the stream's end never waits for us."""

    def __init__(self, stream):
        self.queue = queue.Queue()
        threading.Thread(target=self.fill, args=(stream,), daemon=True).start()

    def fill(self, stream):
        for line in stream:
            self.queue.put(line)
        self.queue.put("")

    def next(self, seconds):
        """The next line; nothing if none comes in time, or none comes any more."""
        try:
            return self.queue.get(timeout=seconds)
        except queue.Empty:
            return ""

    def until(self, words, seconds):
        """The next line that has these words, or some of these."""
        words = (words,) if isinstance(words, str) else words
        while line := self.next(seconds):
            if any(word in line for word in words):
                return line
        sys.exit(f"nobody said {words!r} within {seconds} s")


def free_ports():
    """Two ports side by side below those that the system gives out by itself."""
    for port in range(20_000 + os.getpid() % 5_000 * 2, 32_000, 2):
        if all(is_free(candidate) for candidate in (port, port + 1)):
            return port
    sys.exit("no free port")


def is_free(port):
    with socket.socket() as probe:
        try:
            probe.bind(("", port))
        except OSError:
            return False
    return True


# The cards. ---------------------------------------------------------------------------------------------------

def names(folder, ending):
    return sorted(path.name.removesuffix(ending) for path in folder.glob(f"*{ending}"))


def image(name):
    """The bytes of a card by offset, and the lines in front of them."""
    head, places = [], {}
    for line in (CARDS / f"{name}.hex").read_text(encoding="utf-8").splitlines():
        line = line.split("#")[0].strip()
        if match := re.fullmatch(r"([0-9A-F]{4}): (.*)", line):
            for at, byte in enumerate(bytes.fromhex(match[2])):
                places[int(match[1], 16) + at] = byte
        elif line:
            head.append(line)
    return head, places


def with_photo_of(size, folder):
    """Somchai with a photo of exactly so many bytes, made so by a comment inside or by the small picture."""
    source = "somchai" if size > 4_500 else "expired"
    head, places = image("somchai")
    photo = base64.b64decode(expected(source)["customerImage"])
    comment = size - len(photo) - 4
    photo = photo[:2] + b"\xff\xfe" + (comment + 2).to_bytes(2, "big") + b"." * comment + photo[2:]
    for at in [at for at in places if PHOTO_AT <= at < PHOTO_AT + 5_118]:
        del places[at]
    for at, byte in enumerate(size.to_bytes(2, "big") + photo):
        places[PHOTO_LENGTH_AT + at] = byte
    path = Path(folder) / f"photo-{size}.hex"
    rows = [f"{at:04X}: {byte:02X}" for at, byte in sorted(places.items())]
    path.write_text("\n".join(head + rows) + "\n", encoding="utf-8")
    return str(path), photo


def expected(name):
    return json.loads((CARDS / "expected" / f"{name}.json").read_text(encoding="utf-8"))


# What was got. ------------------------------------------------------------------------------------------------

def photo_of(answer):
    if "photoHex" in answer:
        return bytes.fromhex(answer["photoHex"])
    return base64.b64decode(answer.get("photoBase64", ""))


def spaced(text):
    return " ".join((text or "").split())


def bare(text, words):
    """Without a word in front that says what it is."""
    text = spaced(text)
    return next((text.removeprefix(word).strip() for word in words if text.startswith(word)), text)


def digits(text):
    return re.sub(r"\D", "", text)


DISTRICT_WORDS = ("ตำบล", "แขวง", "กิ่งอำเภอ", "อำเภอ", "เขต", "จังหวัด")


def judge(answer, right):
    """For each field: `right`, `wrong`, or `not given` if the reader has no such field."""
    data = right["customerData"]

    def name(script):
        wanted = [data[f"{part}{script}"] or "" for part in ("prefix", "firstName", "lastName")]
        prefix, first, middle, last = answer["name" + script]
        return [spaced(prefix), spaced(f"{first} {middle}"), spaced(last)], [spaced(part) for part in wanted]

    def as_one(parts):
        # A reader may join prefix and first name as Thai does.
        return "".join(parts).replace(" ", "")

    def parts(words, *keys):
        # Whether a reader takes the word in front off is its own affair.
        return all(bare(answer[key], words) == bare(data[key], words) for key in keys)

    streets = ("addrNo", "moo", "road") if "ตรอก" in data["soi"] else ("addrNo", "moo", "soi", "road")
    photo = base64.b64decode(right["customerImage"])
    verdicts = {
        "chip number": lambda: answer["chipNo"] == right["chipNo"],
        "BP1 number": lambda: answer["bp1No"] == right["bp1No"],
        "citizen id": lambda: answer["citizenId"] == data["citizenId"],
        "Thai name as one text": lambda: as_one(name("TH")[0]) == as_one(name("TH")[1]),
        "Thai name in parts": lambda: name("TH")[0] == name("TH")[1],
        "English name as one text": lambda: as_one(name("EN")[0]) == as_one(name("EN")[1]),
        "English name in parts": lambda: name("EN")[0] == name("EN")[1],
        "birth date": lambda: digits(answer["dateOfBirth"]) == data["dateOfBirth"],
        "issue date": lambda: digits(answer["citizenIdCardIssueDate"]) == data["citizenIdCardIssueDate"],
        "expiry date": lambda: digits(answer["citizenIdCardExpireDate"]) == data["citizenIdCardExpireDate"],
        "whole address": lambda: spaced(answer["fullAddress"]) == data["fullAddress"],
        "house, moo, soi and road": lambda: parts(("หมู่ที่", "ซอย", "ถนน"), *streets),
        "the three districts": lambda: parts(DISTRICT_WORDS, "subDistrict", "district", "province"),
        "photo whole, padding aside": lambda: photo_of(answer).startswith(photo),
        "photo to the byte": lambda: photo_of(answer) == photo,
    }
    result = {}
    for field in FIELDS:
        try:
            result[field] = "right" if verdicts[field]() else "wrong"
        except KeyError:
            result[field] = "not given"
    return result


# The tables. --------------------------------------------------------------------------------------------------

def table(head, rows):
    print("| " + " | ".join(head) + " |")
    print("|" + "---|" * len(head))
    for row in rows:
        print("| " + " | ".join(str(cell) for cell in row) + " |")
    print(flush=True)


def seconds(times):
    return f"{statistics.median(times) / 1e3:.3f} s" if times else "-"


def speed(readers, service, simulator, rounds, folder):
    """First text, everything, exchanges and photo bytes, at each speed and size."""
    rows = []
    for size in PHOTO_BYTES:
        path, photo = with_photo_of(size, folder)
        for label, baud in SPEEDS.items():
            card = Card(service, simulator, path, baud)
            got = {reader.name: [] for reader in readers}
            for _ in range(rounds):
                for reader in readers:
                    start = card.exchanges()
                    text = reader.read("text")
                    middle = card.exchanges()
                    everything = reader.read("all")
                    got[reader.name].append((text, middle - start, everything, card.exchanges() - middle))
            card.leave()
            rows += [speed_row(label, size, photo, name, runs) for name, runs in got.items()]
    table(
        ("speed", "photo", "reader", "citizen id", "all its text", "everything", "exchanges: text, everything",
         "photo bytes got"),
        rows,
    )


def speed_row(label, size, photo, name, runs):
    failed = [answer["error"] for text, _, everything, _ in runs for answer in (text, everything) if "error" in answer]
    if failed:
        return label, size, name, failed[0], "", "", "", ""
    text, text_exchanges, everything, exchanges = zip(*runs)
    # Whoever hands its text over on the way needs no reading of its own for that.
    progressive = "identity_ms" in everything[0]
    first = seconds([answer["text_ms"] for answer in (everything if progressive else text)])
    identity = seconds([answer["identity_ms"] for answer in everything]) if progressive else first
    bytes_got = photo_of(everything[-1])
    note = "all" if bytes_got == photo else f"{len(bytes_got)}, {'with padding' if bytes_got.startswith(photo) else 'cut'}"
    counts = f"{text_exchanges[-1]}, {exchanges[-1]}"
    return label, size, name, identity, first, seconds([a["all_ms"] for a in everything]), counts, note


def lawful(readers, card):
    """How often each field was right on the cards that must be read."""
    cards = names(CARDS / "expected", ".json")
    count = {reader.name: {field: 0 for field in FIELDS} for reader in readers}
    wrong = {reader.name: {field: [] for field in FIELDS} for reader in readers}
    given = {reader.name: set() for reader in readers}
    refused = {reader.name: [] for reader in readers}
    for name in cards:
        right = expected(name)
        for reader in readers:
            card.become(name)
            answer = reader.read("all")
            if "error" in answer:
                refused[reader.name].append(name)
                continue
            for field, verdict in judge(answer, right).items():
                count[reader.name][field] += verdict == "right"
                if verdict == "wrong":
                    wrong[reader.name][field].append(name)
                if verdict != "not given":
                    given[reader.name].add(field)
    total = len(cards)
    rows = [["no record at all", *(len(refused[reader.name]) for reader in readers)]]
    for field in FIELDS:
        cells = [
            f"{count[reader.name][field]} of {total}" if field in given[reader.name] else "not given"
            for reader in readers
        ]
        rows.append([field, *cells])
    table((f"{total} lawful cards", *(reader.name for reader in readers)), rows)
    print("Where they were wrong:\n")
    for reader in readers:
        if refused[reader.name]:
            print(f"- {reader.name}, no record: {' '.join(refused[reader.name])}")
        for field in FIELDS:
            if wrong[reader.name][field]:
                print(f"- {reader.name}, {field}: {' '.join(wrong[reader.name][field])}")
    print(flush=True)


def evil(readers, card, cards, right, title):
    """What each reader made of cards that must be refused; `right` is what is on them if that is lawful."""
    outcomes = ("refused", "hung", "success with something wrong", "success, and what it gave is right")
    said = {reader.name: {outcome: [] for outcome in outcomes} for reader in readers}
    played = [name for name in cards if card.become(name)]
    for name in played:
        for reader in readers:
            card.become(name)
            outcome = outcome_of(reader.read("all"), right)
            said[reader.name][outcome].append(name)
            if outcome == "hung" or name in LEAVE:
                card.leave_and_come()
    rows = [[outcome, *(len(said[reader.name][outcome]) for reader in readers)] for outcome in outcomes]
    table((f"{len(played)} {title}", *(reader.name for reader in readers)), rows)
    for reader in readers:
        for outcome in outcomes[1:]:
            if said[reader.name][outcome]:
                print(f"- {reader.name}, {outcome}: {' '.join(said[reader.name][outcome])}")
    print(flush=True)


def outcome_of(answer, right):
    if "error" in answer:
        return "hung" if answer["error"] == HUNG else "refused"
    # Spaces behind the photo are no untruth.
    judged = {field: verdict for field, verdict in judge(answer, right).items() if field != FIELDS[-1]} if right else {}
    if right and "wrong" not in judged.values():
        return "success, and what it gave is right"
    return "success with something wrong"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--programs", required=True, help="where the simulator lies")
    parser.add_argument("--reader", action="append", required=True, help="NAME=COMMAND")
    parser.add_argument("--missing", action="append", default=[], help="NAME=WHY")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    simulator = str(Path(options.programs) / "simulator")
    with tempfile.TemporaryDirectory() as folder:
        service = Service(folder)
        readers = [Reader(*reader.split("=", 1), service) for reader in options.reader]
        try:
            for missing in options.missing:
                print(f"NOT COMPARED: {missing.replace('=', ': ')}\n")
            speed(readers, service, simulator, options.rounds, folder)
            card = Card(service, simulator, "somchai")
            lawful(readers, card)
            refused = sorted(set(names(CARDS, ".hex")) - set(names(CARDS / "expected", ".json")))
            evil(readers, card, refused, None, "cards with something on them that no card has")
            conduct = [f"evil/{name}" for name in names(CARDS / "evil", ".card")]
            evil(readers, card, conduct, expected("tiny-photo"), "cards that misbehave")
            card.leave()
        finally:
            for reader in readers:
                reader.end()
            service.end()


if __name__ == "__main__":
    main()
