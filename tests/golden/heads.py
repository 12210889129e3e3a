"""The head of every request (§2 to §7), in the document's reading and in the other one.

One line for the request, then the headers by name, in lower case and sorted: HTTP cares for neither (RFC 9110
§5.1, §5.3). In braces is what differs each time; a digit of a time is written 0.
"""
ROOT = "/native/ndid/alternativeSource"
JSON = "application/json; charset=UTF-8"
FORM = "application/x-www-form-urlencoded"
SPEC, RFC3339 = "0000-00-00T000000.000+0000", "0000-00-00T00:00:00.000+00:00"

ENDPOINTS = {
    "e1": ("POST", "/auth/oauth/v2/token"),
    "e2": ("POST", f"{ROOT}/qr/validation"),
    "e3": ("POST", f"{ROOT}/submit"),
    "e4": ("PUT", f"{ROOT}/reference/status/failure"),
    "e5": ("GET", f"{ROOT}/consents/dopa"),
    "e6": ("POST", f"{ROOT}/dopa"),
}


def headers(name, other):
    found = {"host": "{host}", "user-agent": "{agent}"}
    if name != "e5":
        found["content-length"] = "{length}"
    if name == "e1":
        # §2 names the type alone; a client that takes anything says so.
        found |= {"content-type": FORM, "accept": "*/*"}
        if other:
            # The client in the header instead of the form (client:a-secret), and the key on this call too.
            found |= {"authorization": "Basic Y2xpZW50OmEtc2VjcmV0", "api-key": "a-key"}
        return found
    time = RFC3339 if other else SPEC
    found |= {
        "content-type": JSON,
        "accept": "application/json",
        "authorization": "Bearer t0ken",
        "api-key": "a-key",
        "x-client-transaction-id": "{uuid}",
        "x-client-transaction-datetime": time,
    }
    if other:
        found["x-client-datetime"] = time
    return found


for name, (method, path) in ENDPOINTS.items():
    for other in (False, True):
        if name == "e4" and other:
            path = f"{ROOT}/reference/BAYMK191200001/status/failure"
        lines = [f"{method} {path} HTTP/1.1"]
        lines += [f"{header}: {value}" for header, value in sorted(headers(name, other).items())]
        with open(f"{name}{'-other' if other else ''}.head", "w", encoding="ascii", newline="") as file:
            file.write("".join(f"{line}\n" for line in lines))
