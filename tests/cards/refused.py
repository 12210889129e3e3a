"""The cards that must be refused for what is on them, each for a reason of its own."""

from person import TINY_PHOTO, Card, chip, citizen_id, person, photographed, somebody


def raw(text, inside, behind=""):
    """TIS-620 with some bytes inside that are not."""
    return text.encode("tis-620") + inside + behind.encode("tis-620")


def bomb():
    """The tiny photo, saying of itself to be 65,535 pixels either way."""
    size = TINY_PHOTO.index(b"\xff\xc0") + 5
    return TINY_PHOTO[:size] + b"\xff" * 4 + TINY_PHOTO[size + 4:]


def refused(at, sentence, atr="TH NID 17", **changes):
    """The card of this number; those that are refused begin at a hundred."""
    return Card(sentence, atr, chip(100 + at), somebody(100 + at, **changes), None)


REFUSED = {
    "old-layout": (
        "A card of layout 0002, which must be refused whatever else is on it.",
        "TH NID 6", "31033a40551c8954", person(citizen_id("303030303030"), layout_version="0002"), None,
    ),
    "empty": ("A chip with the citizen applet and nothing in it.", "TH NID 17", "63044b51662d9a65", {}, None),
    "bad-text": (
        "A card with bytes in the Thai name that no Thai text has.",
        "TH NID 17", "63055c62773eab76",
        person(citizen_id("404040404040"), thai_name="นาย#สม".encode("tis-620") + b"\x80\xdb##"), None,
    ),
    "layout-0004": refused(1, "A card of a layout that nobody knows yet.", layout_version="0004"),
    "layout-ff": refused(2, "A card that was never written: FF at its head.", layout_version=b"\xff" * 4),
    "id-check-digit": refused(3, "A card with a wrong check digit.", citizen_id="1111111111118"),
    "id-letters": refused(4, "A card with letters in the citizen id.", citizen_id="11111111111AB"),
    "id-thai-digits": refused(5, "A card with Thai digits in the citizen id.", citizen_id="๑๑๑๑๑๑๑๑๑๑๑๑๙"),
    "id-short": refused(6, "A card with twelve digits in the citizen id.", citizen_id="111111111111"),
    "id-blank": refused(7, "A card without a citizen id.", citizen_id=""),
    "name-escape": refused(
        8, "A card with an escape sequence in the English name.", english_name=b"Mr.#Som\x1b[2Jchai##Jaidee"),
    "name-newline": refused(
        9, "A card with a line break in the Thai name, which would forge a line of a log.",
        thai_name=raw("นาย#สมชาย##ใจ", b"\r\n", "ดี")),
    "name-nul-inside": refused(
        10, "A card with a NUL in the middle of a name.", thai_name=raw("นาย#สม", b"\0", "ชาย##ใจดี")),
    "name-bidi": refused(
        11, "A card with the UTF-8 bytes of a right-to-left override in the Thai name.",
        thai_name=raw("นาย#สม", "\u202e".encode(), "ชาย##ใจดี")),
    "name-c1-control": refused(
        12, "A card with a control character of the upper half in the English name.",
        english_name=b"Mr.#Som\x9bchai##Jaidee"),
    "name-utf-8": refused(13, "A card whose Thai name is in UTF-8.", thai_name="นาย#สม##ใจดี".encode()),
    "name-digits": refused(14, "A card with a digit in the Thai name.", thai_name="นาย#สม1ชาย##ใจดี"),
    "name-markup": refused(15, "A card with HTML in the English name.", english_name="Mr.#<img src=x>##Jaidee"),
    "name-two-slots": refused(16, "A card whose Thai name has two slots.", thai_name="สมชาย#ใจดี"),
    "name-five-slots": refused(17, "A card whose Thai name has five slots.", thai_name="นาย#ส#ม#ช#ใจดี"),
    "name-blank": refused(18, "A card without a Thai name.", thai_name=""),
    "name-no-first": refused(19, "A card whose Thai name has no first name.", thai_name="นาย###ใจดี"),
    "name-thai-in-english": refused(
        20, "A card with Thai letters in the English name.", english_name="Mr.#สมชาย##Jaidee"),
    "birth-no-such-day": refused(21, "A card with a 31 February as birth date.", birth_date="25240231"),
    "birth-gregorian": refused(22, "A card with a Gregorian birth year.", birth_date="19810704"),
    "birth-unknown": refused(23, "A card with a birth date of zeros.", birth_date="00000000"),
    "birth-month-13": refused(24, "A card with a birth in month 13.", birth_date="25241301"),
    "sex-3": refused(25, "A card with a third sex.", sex="3"),
    "request-number-blank": refused(
        26, "A card with nothing in front of the slash of the request number.", request_number_block="/07051234"),
    "issue-date-letters": refused(27, "A card with a dash in the issue date.", issue_date="2567-7-5"),
    "expiry-partial": refused(28, "A card that expires in a year and on no day.", expiry_date="25750000"),
    "expiry-thai-digits": refused(29, "A card with Thai digits in the expiry date.", expiry_date="๒๕๗๕๐๗๐๔"),
    "expiry-leap-day": refused(
        30, "A card valid until 29 February of a year that has none.", expiry_date="25740229"),
    "address-seven-slots": refused(
        31, "A card whose address lacks a slot.", address="1###ถนนทดสอบ#ตำบลในเมือง#อำเภอเมืองขอนแก่น#จังหวัดขอนแก่น"),
    "address-nine-slots": refused(
        32, "A card whose address has a slot too many.",
        address="1##ตรอก##ซอย#ถนนทดสอบ#ตำบลในเมือง#อำเภอเมืองขอนแก่น#จังหวัดขอนแก่น"),
    "address-blank": refused(33, "A card without an address.", address=""),
    "address-no-break-space": refused(
        34, "A card with the no-break space of another code page in the address.",
        address=raw("1#####ตำบลใน", b"\xa0", "เมือง#อำเภอเมืองขอนแก่น#จังหวัดขอนแก่น")),
    "photo-bomb": refused(
        35, "A card whose photo says that it has 65,535 pixels either way.", **photographed(bomb())),
    "photo-truncated": refused(36, "A card whose photo has no end.", **photographed(TINY_PHOTO[:-60])),
    "photo-length-short": refused(
        37, "A card that says of its photo to be shorter than it is.", **photographed(TINY_PHOTO, 200)),
    "photo-no-jpeg": refused(38, "A card with a picture of another kind.", **photographed(b"GIF89a" + bytes(20))),
    "photo-blank": refused(39, "A card without a photo.", **photographed(b"", 0)),
    "photo-shifted": refused(
        40, "A card whose photo begins one byte late.", **photographed(b"\0" + TINY_PHOTO)),
    "chip-number-zeros": Card(
        "A card whose chip has a number of zeros.", "TH NID 17", "0" * 16, somebody(141), None),
    "chip-number-ones": Card(
        "A card whose chip has a number of ones.", "TH NID 17", "F" * 16, somebody(142), None),
}
