#!/usr/bin/env python3
"""pythaiidcard as a program that reads one card for each line of its input.

It has one call that reads everything and one setting that leaves the photo out; nothing is handed over before
the end, so its first text is that of a reading without the photo. Its system check, which asks Debian's package
list at every start, is left out: that is the faster way.
"""

import base64
import json
import sys
import time

from pythaiidcard import ThaiIDCardReader


def main():
    """One line of JSON for each order."""
    for order in sys.stdin:
        try:
            answer = read(order.strip())
        except Exception as error:  # noqa: BLE001  whatever it raises is its answer
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), flush=True)


def read(order):
    """`text` or `all`."""
    started = time.perf_counter()
    reader = ThaiIDCardReader(skip_system_check=True)
    try:
        reader.connect()
        card = reader.read_card(include_photo=order == "all")
        took = (time.perf_counter() - started) * 1e3
    finally:
        reader.disconnect()
    answer = record(card) | {"text_ms": took}
    if order == "all":
        answer |= {"all_ms": took, "photoBase64": base64.b64encode(card.photo).decode()}
    return answer


def record(card):
    """Its fields by the bank's names; what it does not have is left out."""
    address = card.address_info
    return {
        "citizenId": card.cid,
        "nameTH": name(card.thai_name),
        "nameEN": name(card.english_name),
        "dateOfBirth": card.date_of_birth.isoformat(),
        "citizenIdCardIssueDate": card.issue_date.isoformat(),
        "citizenIdCardExpireDate": card.expire_date.isoformat(),
        "fullAddress": card.address,
        "addrNo": address.house_no,
        "moo": address.moo,
        "soi": address.soi,
        "road": address.street,
        "subDistrict": address.subdistrict,
        "district": address.district,
        "province": address.province,
    }


def name(parts):
    """Prefix, first, middle, last."""
    return [parts.prefix, parts.first_name, parts.middle_name, parts.last_name]


if __name__ == "__main__":
    main()
