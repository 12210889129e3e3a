"""The cards that must be read, and read rightly; what is on them is lawful, however rare."""

from person import (
    BANGKOK_ADDRESS, PHOTO_BYTES_MAX, SMALL_PHOTO, SOMCHAI, TINY_PHOTO, WOMAN_PHOTO, Card, chip, citizen_id, filled,
    person, photographed, somebody,
)

KHON_KAEN = "ตำบลในเมือง#อำเภอเมืองขอนแก่น#จังหวัดขอนแก่น"


def address_of(size):
    """An address in Khon Kaen of exactly so many bytes; the road takes what is missing."""
    head, tail = "123/45#หมู่ที่ 4##ซอยตัวอย่าง 12#ถนน", f"#{KHON_KAEN}"
    return head + "ก" * (size - len(head) - len(tail)) + tail


LAWFUL = {
    "somchai": (
        "A citizen from Khon Kaen with nothing unusual about him or his card.",
        "TH NID 17", "6300c10e142f28a1", SOMCHAI, ["40000"],
    ),
    "bangkok": (
        "A woman in Bangkok: trok, soi and road, and a sub-district with two postal codes.",
        "TH NID 18", "7183a20b5c3e1104",
        person(
            citizen_id("123456789012"), thai_name="น.ส.#มาลี##ตัวอย่าง",
            english_name="Miss#Malee##Tuayang", birth_date="25330228", sex="2",
            address=BANGKOK_ADDRESS, issuing_office="เขตวัฒนา/กรุงเทพมหานคร",
            request_number_block="10390254321/08120077",
            photo=WOMAN_PHOTO, photo_length=len(WOMAN_PHOTO).to_bytes(2, "big"),
        ),
        ["10110", "10260"],
    ),
    "expired": (
        "A card that was valid until 29 February 2020, a day that only the Gregorian year has.",
        "TH NID 10", "51420907aa30c211",
        person(
            citizen_id("222222222222"), thai_name="นาย#วันชัย##ทดสอบ", english_name="Mr.#Wanchai##Thotsop",
            issue_date="25550301", expiry_date="25630229",
        ),
        ["40000"],
    ),
    "for-life": (
        "A card for life; of the holder's birth only the year is known.",
        "TH NID 15", "6240b1770e5d0942",
        person(
            citizen_id("333333333333"), thai_name="นาง#บุญมา##สมมุติ", english_name="Mrs.#Bunma##Sommut",
            birth_date="24880000", sex="2", expiry_date="99999999",
        ),
        ["40000"],
    ),
    "middle-name": (
        "A holder with a middle name, whose month of birth is known and whose day is not.",
        "TH NID 17", "7012c3553a90ef18",
        person(
            citizen_id("444444444444"), thai_name="นาย#อดัม#เจมส์#ตัวอย่าง-สมมุติ",
            english_name="Mr.#Adam#James#O'Example-Sommut", birth_date="25300900",
        ),
        ["40000"],
    ),
    "blank-english": (
        "A card without an English name, and without an issue date.",
        "TH NID 17", "6301d4a60b1c7723",
        person(
            citizen_id("666666666666"), thai_name="นาย#ก้อน##ทดสอบ", english_name="", issue_date="",
        ),
        ["40000"],
    ),
    "three-slots": (
        "A card whose names leave the middle slot out, with an address in a branch district.",
        "TH NID 9", "4187e5120f66ab09",
        person(
            citizen_id("777777777777"), thai_name="นาง#มาลัย#ทดสอบ", english_name="Mrs.#Malai#Thotsop", sex="2",
            address="7#หมู่ที่ 12####ตำบลคู้ยายหมี#กิ่งอำเภอสนามชัยเขต#จังหวัดฉะเชิงเทรา",
        ),
        ["24160"],
    ),
    "unknown-postal": (
        "A card with a sub-district that no table of postal codes knows.",
        "TH NID 17", "63066d73884fbc98",
        person(
            citizen_id("505050505050"),
            address="5#หมู่ที่ 1###ถนนตัวอย่าง#ตำบลตัวอย่าง#อำเภอเมืองขอนแก่น#จังหวัดขอนแก่น",
        ),
        [],
    ),
    "nul-padding": (
        "A card whose fields are filled up with NUL bytes instead of spaces.",
        "TH NID 17", "6302f60c31d84510",
        person(
            citizen_id("888888888888"), thai_name="ด.ญ.#ขวัญ##ใจดี", english_name="Miss#Khwan##Jaidee", sex="2",
            birth_date="25560415",
        ),
        ["40000"], b"\0",
    ),
    "full-photo": (
        "A card whose photo fills all the room there is for it: 5,118 bytes.",
        "TH NID 17", "6303071d22e95621",
        person(
            citizen_id("999999999999"), photo=filled(SMALL_PHOTO, PHOTO_BYTES_MAX),
            photo_length=PHOTO_BYTES_MAX.to_bytes(2, "big"),
        ),
        ["40000"],
    ),
    "no-photo-length": (
        "A card that has a photo and does not say how long it is.",
        "TH NID 10", "5143182e33fa6732",
        person(citizen_id("101010101010"), photo_length=bytes(2)),
        ["40000"],
    ),
    "oldest-atr": (
        "A card of the oldest and slowest series.",
        "TH NID 6", "3102293f440b7843",
        person(citizen_id("202020202020"), thai_name="นาย#สมชาย##เก่าแก่", english_name="Mr.#Somchai##Kaokae"),
        ["40000"],
    ),
    "atr-nid-8": Card(
        "A card of a series between the oldest and the next, with another digit at the end of its answer to reset.",
        "TH NID 8", chip(1), somebody(1), ["40000"],
    ),
    "card-type-02": Card(
        "A card of a type other than 01, which is not looked at.",
        "TH NID 17", chip(2), somebody(2, card_type="02"), ["40000"],
    ),
    "blank-card-type": Card(
        "A card that does not say its type.", "TH NID 17", chip(3), somebody(3, card_type=""), ["40000"],
    ),
    "tiny-photo": Card(
        "A card with the smallest photo that is one.", "TH NID 17", chip(4), somebody(4), ["40000"],
    ),
    "photo-last-block-of-one": Card(
        "A card whose photo fills two blocks of 255 bytes and one byte of the next.",
        "TH NID 17", chip(5), somebody(5, **photographed(filled(TINY_PHOTO, 511))), ["40000"],
    ),
    "photo-length-too-great": Card(
        "A card that says of its photo to be longer than its room.",
        "TH NID 17", chip(6), somebody(6, **photographed(TINY_PHOTO, PHOTO_BYTES_MAX + 1)), ["40000"],
    ),
    "photo-length-ffff": Card(
        "A card whose photo length was never written: FFFF.",
        "TH NID 10", chip(7), somebody(7, **photographed(TINY_PHOTO, 0xFFFF)), ["40000"],
    ),
    "photo-two-ends": Card(
        "A card that does not say how long its photo is, and whose photo has the bytes of an end inside.",
        "TH NID 10", chip(8),
        somebody(8, **photographed(TINY_PHOTO[:2] + b"\xff\xfe\x00\x06\xff\xd9\xff\xd9" + TINY_PHOTO[2:], 0)),
        ["40000"],
    ),
    "address-160": Card(
        "A card whose address takes all of its 160 bytes.",
        "TH NID 18", chip(9), somebody(9, address=address_of(160)), ["40000"],
    ),
    "address-101": Card(
        "A card whose address is one byte longer than what most readers ask for.",
        "TH NID 18", chip(10), somebody(10, address=address_of(101)), ["40000"],
    ),
    "address-all-slots": Card(
        "An address with something in each of its eight places.",
        "TH NID 17", chip(11),
        somebody(11, address=f"1/2#หมู่ที่ 3#ตรอกทดสอบ#ซอยตัวอย่าง 4#ถนนสมมุติ#{KHON_KAEN}"), ["40000"],
    ),
    "address-trok-only": Card(
        "An address with a trok and no soi.",
        "TH NID 17", chip(12), somebody(12, address=f"12##ตรอกทดสอบ###{KHON_KAEN}"), ["40000"],
    ),
    "address-bare": Card(
        "An address of a house number and the three districts, no more.",
        "TH NID 17", chip(13), somebody(13, address=f"8#####{KHON_KAEN}"), ["40000"],
    ),
    "address-without-words": Card(
        "An address whose parts have no word in front that says what they are.",
        "TH NID 17", chip(14), somebody(14, address="8#4##ตัวอย่าง#สมมุติ#ในเมือง#เมืองขอนแก่น#ขอนแก่น"), ["40000"],
    ),
    "address-word-inside": Card(
        "An address whose road is named after a soi, and whose sub-district has the word for one in its name.",
        "TH NID 17", chip(15),
        somebody(15, address="9####ถนนซอยทดสอบ#ตำบลสามตำบล#อำเภอเมืองขอนแก่น#จังหวัดขอนแก่น"), [],
    ),
    "address-chiang-mai": Card(
        "An address in the north.", "TH NID 15", chip(16),
        somebody(16, address="239#หมู่ที่ 1##ซอย 5#ถนนตัวอย่าง#ตำบลสุเทพ#อำเภอเมืองเชียงใหม่#จังหวัดเชียงใหม่"), ["50200"],
    ),
    "address-spaces": Card(
        "An address with more spaces than it needs.",
        "TH NID 17", chip(17), somebody(17, address=f"10 #  หมู่ที่  7###ถนน  ตัวอย่าง#{KHON_KAEN}"), ["40000"],
    ),
    "birth-blank-month": Card(
        "A holder whose month and day of birth are blank, not 00.",
        "TH NID 9", chip(18), somebody(18, birth_date="2488    "), ["40000"],
    ),
    "birth-leap-day": Card(
        "A holder born on 29 February 2000, a day that the Buddhist year 2543 must not lose.",
        "TH NID 17", chip(19), somebody(19, birth_date="25430229"), ["40000"],
    ),
    "birth-oldest": Card(
        "A holder of more than a hundred years.",
        "TH NID 9", chip(20), somebody(20, birth_date="24600101", expiry_date="99999999"), ["40000"],
    ),
    "birth-unknown-for-life": Card(
        "A card for life of somebody whose birth is known to the year alone, and whose issue date is not known.",
        "TH NID 10", chip(21),
        somebody(21, birth_date="24700000", issue_date="00000000", expiry_date="99999999"), ["40000"],
    ),
    "issue-date-partial": Card(
        "A card whose day of issue is 00.", "TH NID 10", chip(22), somebody(22, issue_date="25550300"), ["40000"],
    ),
    "no-last-name": Card(
        "A holder without a family name.", "TH NID 17", chip(23),
        somebody(23, thai_name="นาย#สมชาย##", english_name="Mr.#Somchai##"), ["40000"],
    ),
    "rank": Card(
        "A holder with a rank of several words and a bracket.", "TH NID 17", chip(24),
        somebody(24, thai_name="ว่าที่ ร.ต. (หญิง)#มาลี##ทดสอบ", english_name="Acting Sub Lt.#Malee##Thotsop", sex="2"),
        ["40000"],
    ),
    "last-name-of-two-words": Card(
        "A holder whose family name has a space inside.", "TH NID 17", chip(25),
        somebody(25, thai_name="นาย#สมชาย##ณ ทดสอบ", english_name="Mr.#Somchai##Na Thotsop"), ["40000"],
    ),
    "latin-in-thai-name": Card(
        "A holder whose foreign name was not written in Thai.", "TH NID 17", chip(26),
        somebody(26, thai_name="Mr.#Adam#J.#Example", english_name="Mr.#Adam#J.#Example"), ["40000"],
    ),
    "names-100": Card(
        "A card on which both names take all of their 100 bytes.", "TH NID 18", chip(27),
        somebody(27, thai_name=f"นาย#{'ก' * 46}##{'ข' * 48}", english_name=f"Mr.#{'A' * 46}##{'B' * 48}"), ["40000"],
    ),
    "spaces-in-front": Card(
        "A card whose fields have spaces in front as well as behind.", "TH NID 9", chip(28),
        somebody(28, thai_name="  นาย#สมชาย##ใจดี", english_name="   Mr.#Somchai##Jaidee"), ["40000"],
    ),
    "request-number-alone": Card(
        "A card whose request number block has no slash and nothing behind the number.",
        "TH NID 15", chip(29), somebody(29, request_number_block="40010112345"), ["40000"],
    ),
    "nul-english": Card(
        "A card whose English name is nothing but NUL bytes.",
        "TH NID 9", chip(30), somebody(30, english_name="", issue_date=""), ["40000"], b"\0",
    ),
}
