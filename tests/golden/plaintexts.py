"""The plaintexts of every request, from literal values, in the key order of the document's samples."""
import base64
import json

PHOTO = base64.b64encode(bytes.fromhex("ffd8ffe000104a464946ffd9")).decode()
SELFIE = base64.b64encode(bytes.fromhex("ffd8ffe1000845786966ffd9")).decode()

CUSTOMER = {
    "mobile": "0819999999",
    "citizenId": "1111111111119",
    "prefixTH": "นาย",
    "firstNameTH": "ทดสอบชื่อ",
    "lastNameTH": "ทดสอบนามสกุล",
    "prefixEN": "Mr.",
    "firstNameEN": "firstNameTest",
    "lastNameEN": "lastNameTest",
    "dateOfBirth": "19810501",
    "religion": "",
    "citizenIdCardIssueDate": "20200101",
    "citizenIdCardExpireDate": "20220101",
    "fullAddress": "1222 ซอยsoi ถนนroad ตำบลสำโรง อำเภอพระประแดง จังหวัดสมุทรปราการ",
    "countryCode": "TH",
    "zipCode": "10130",
    "province": "สมุทรปราการ",
    "district": "พระประแดง",
    "subDistrict": "สำโรง",
    "road": "road",
    "soi": "soi",
    "moo": "",
    "addrNo": "1222",
}

SUBMIT = {
    "transactionRef": "BAYMK191200001",
    "transactionDateTime": "20191203203040",
    "chipNo": "6300c10e142f28a1",
    "bp1No": "10994078500",
    "customerImage": PHOTO,
    "branchId": "",
    "terminalId": "",
    "customerData": CUSTOMER,
}

CONSENTS = [
    {"type": "103", "version": "2.00.00", "consent": "Y"},
    {"type": "105", "version": "2.00.00", "consent": "N"},
]

# Every switch on its other side: dashes, a second country spelling, nothing empty, a partial birth date
# on its first day, no middle name, no trok, JPEG.
DIALECT_CUSTOMER = {
    "mobile": "0819999999",
    "citizenId": "1111111111119",
    "prefixTH": "ร.ต.",
    "firstNameTH": "ทดสอบชื่อ",
    "lastNameTH": "-",
    "prefixEN": "Sub Lt.",
    "firstNameEN": "-",
    "lastNameEN": "-",
    "dateOfBirth": "1981-01-01",
    "citizenIdCardIssueDate": "2020-01-01",
    "fullAddress": "1222 ตรอกtrok ซอยsoi ถนนroad ตำบลสำโรง อำเภอพระประแดง จังหวัดสมุทรปราการ",
    "CountryCode": "THA",
    "zipCode": "10130",
    "province": "สมุทรปราการ",
    "district": "พระประแดง",
    "subDistrict": "สำโรง",
    "road": "road",
    "soi": "soi",
    "addrNo": "1222",
}

FILES = {
    "e2-validation": {
        "reference": "BAYMK191200001",
        "identifier": "1111111111119",
        "namespace": "citizen_id",
    },
    "e3-submit": SUBMIT,
    "e3-submit-selfie": SUBMIT | {
        "branchId": "B-1",
        "terminalId": "K0001",
        "customerConsents": CONSENTS,
        "customerSelfieImage": SELFIE,
        "customerSelfieImageFormat": "JPG",
    },
    "e3-submit-dialect": {
        "transactionRef": "BAYMK191200001",
        "transactionDateTime": "20191203203040",
        "chipNo": "6300c10e142f28a1",
        "bp1No": "10994078500",
        "customerImage": PHOTO,
        "customerData": DIALECT_CUSTOMER,
        "customerConsents": CONSENTS,
        "customerSelfieImage": SELFIE,
        "customerSelfieImageFormat": "JPEG",
    },
    "e4-failure": {
        "identifier": "1111111111119",
        "namespace": "citizen_id",
        "detailError": {"code": "01", "message": "card expired"},
    },
    "e6-dopa": {
        "chipNo": "6300c10e142f28a1",
        "bp1No": "10994078500",
        "customerImage": PHOTO,
        "branchId": "",
        "terminalId": "",
        "customerData": CUSTOMER,
        "customerConsents": [{"type": "105", "version": "2.00.00", "consent": "Y"}],
    },
}

for name, request in FILES.items():
    with open(f"{name}.json", "w", encoding="utf-8", newline="") as file:
        file.write(json.dumps(request, ensure_ascii=False, separators=(",", ":")))

with open("e1-token.form", "w", encoding="ascii", newline="") as file:
    file.write(
        "grant_type=client_credentials&scope=ndid%3Aalternative"
        "&client_id=test-only-id&client_secret=test%2Bonly%26secret%3D1"
    )
