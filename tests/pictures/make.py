"""Makes the pictures of this folder anew. Nobody real is in any of them; see README.md.

    pip install -r requirements.txt     (in a virtual environment)
    python make.py

The same versions give the same bytes: all chance comes from one seed.
"""

import binascii
from pathlib import Path

import barcode
import numpy
import qrcode
from barcode.writer import ImageWriter
from PIL import Image, ImageDraw, ImageFilter

FOLDER = Path(__file__).parent
WIDTH, HEIGHT = 640, 480
CHANCE = numpy.random.default_rng(20191211)


def save(name, picture, quality=88):
    """Writes a JPEG without any metadata."""
    picture.convert("RGB").save(FOLDER / name, "JPEG", quality=quality, optimize=True)


# The head: a surface of soft bumps, lit from the upper left, with painted brows, eyes and lips. ---------------

def bump(x, y, cx, cy, rx, ry):
    """A soft hill of height 1; units are half a head's width."""
    return numpy.exp(-(((x - cx) / rx) ** 2) - ((y - cy) / ry) ** 2)


def inside(distance, softness):
    """1 where distance is negative, 0 where it is positive, with a soft edge."""
    return 1 / (1 + numpy.exp(numpy.clip(distance / softness, -40, 40)))


def ellipse(x, y, cx, cy, rx, ry):
    """Below 0 inside, above 0 outside."""
    return numpy.sqrt(((x - cx) / rx) ** 2 + ((y - cy) / ry) ** 2) - 1


def mix(base, colour, share):
    return base * (1 - share[..., None]) + numpy.array(colour, float) * share[..., None]


def head_outline(x, y):
    """Wide at the cheekbones, narrow at the chin."""
    narrowing = 1 - 0.30 * numpy.clip(y - 0.15, 0, None) ** 1.4
    return numpy.sqrt((x / (0.98 * narrowing)) ** 2 + ((y - 0.02) / 1.30) ** 2) - 1


def surface(x, y):
    """Distance towards the viewer."""
    round_head = numpy.sqrt(numpy.clip(1 - (x / 1.12) ** 2 - (y / 1.46) ** 2, 0.02, None)) * 1.05
    z = round_head
    z = z + 0.10 * bump(x, y, 0, -0.42, 0.80, 0.16)  # brow ridge
    for side in (-1, 1):
        z = z - 0.17 * bump(x, y, side * 0.40, -0.20, 0.25, 0.15)  # eye sockets
        z = z + 0.09 * bump(x, y, side * 0.40, -0.19, 0.16, 0.09)  # eyeballs
        z = z + 0.09 * bump(x, y, side * 0.52, 0.18, 0.26, 0.24)  # cheeks
        z = z + 0.09 * bump(x, y, side * 0.15, 0.27, 0.09, 0.08)  # nostril wings
        z = z - 0.035 * bump(x, y, side * 0.33, 0.45, 0.07, 0.20)  # nose-to-mouth folds
    z = z + 0.17 * bump(x, y, 0, -0.02, 0.10, 0.30)  # bridge of the nose
    z = z + 0.22 * bump(x, y, 0, 0.22, 0.14, 0.13)  # tip of the nose
    z = z + 0.06 * bump(x, y, 0, 0.55, 0.24, 0.06)  # upper lip
    z = z + 0.08 * bump(x, y, 0, 0.69, 0.21, 0.06)  # lower lip
    z = z - 0.05 * bump(x, y, 0, 0.62, 0.20, 0.028)  # between the lips
    z = z - 0.06 * bump(x, y, 0, 0.82, 0.20, 0.06)  # below the lips
    z = z + 0.10 * bump(x, y, 0, 1.02, 0.24, 0.17)  # chin
    return z


def shading(x, y):
    """Light from the upper left, with as much from everywhere."""
    z = surface(x, y)
    step = abs(x[0, 1] - x[0, 0])
    dy, dx = numpy.gradient(z, step)
    length = numpy.sqrt(dx**2 + dy**2 + 1)
    lambert = (dx * 0.28 + dy * 0.55 + 0.80) / length
    return 0.42 + 0.62 * numpy.clip(lambert, 0, None)


def paint_eye(skin, x, y, side):
    cx, cy = side * 0.40, -0.20
    lift = 0.05 * (1 - ((x - cx) / 0.20) ** 2)
    lids = numpy.maximum(cy - 0.015 - lift - y, y - (cy + 0.01 + lift * 0.7)) / 0.05
    opening = inside(lids, 0.14) * inside((numpy.abs(x - cx) - 0.185) / 0.05, 0.2)
    skin = mix(skin, (232, 226, 220), opening * 0.9)
    skin = mix(skin, (52, 32, 24), opening * inside(ellipse(x, y, cx, cy - 0.012, 0.082, 0.082), 0.06))
    skin = mix(skin, (12, 8, 8), opening * inside(ellipse(x, y, cx, cy - 0.012, 0.036, 0.036), 0.1))
    skin = mix(skin, (250, 250, 250), opening * bump(x, y, cx - 0.03, cy - 0.04, 0.015, 0.015))
    lash = numpy.abs(y - (cy - 0.02 - lift)) / 0.020
    skin = mix(skin, (28, 18, 16), inside(lash - 1, 0.3) * inside((numpy.abs(x - cx) - 0.20) / 0.03, 0.4) * 0.9)
    fold = numpy.abs(y - (cy - 0.075 - lift)) / 0.012
    skin = mix(skin, (120, 80, 62), inside(fold - 1, 0.5) * inside((numpy.abs(x - cx) - 0.19) / 0.05, 0.5) * 0.6)
    skin = mix(skin, (120, 82, 66), bump(x, y, cx, cy + 0.10, 0.17, 0.03) * 0.35)
    arch = cy - 0.215 + 0.9 * (numpy.abs(x - cx * 1.02)) ** 2 - 0.03 * side * (x - cx)
    thick = 0.042 - 0.05 * numpy.clip(side * (x - cx), 0, None)
    brow = inside((numpy.abs(y - arch) - thick) / 0.02, 0.5) * inside((numpy.abs(x - cx) - 0.25) / 0.04, 0.5)
    return mix(skin, (38, 26, 22), brow * 0.88)


def head(canvas, centre, half_width):
    """Draws one head with neck and shoulders, hair first."""
    rows, columns = numpy.mgrid[0 : canvas.shape[0], 0 : canvas.shape[1]].astype(float)
    x, y = (columns - centre[0]) / half_width, (rows - centre[1]) / half_width

    body = ellipse(x, y, 0, 2.85, 2.25, 1.35)
    canvas = mix(canvas, (62, 84, 120), inside(body, 0.015))
    canvas = canvas * (1 - 0.25 * inside(body, 0.015) * bump(x, y, 0, 1.5, 0.8, 0.35))[..., None]
    neck = numpy.maximum(numpy.abs(x) - 0.50 - 0.10 * numpy.clip(y - 1.1, 0, None), numpy.abs(y - 1.15) - 0.6)
    neck_light = 0.60 + 0.22 * numpy.clip((y - 1.1) / 0.6, 0, 1) - 0.12 * x
    neck_colour = numpy.array((214, 164, 132)) * neck_light[..., None]
    share = inside(neck, 0.02)[..., None]
    canvas = canvas * (1 - share) + neck_colour * share

    hair = ellipse(x, y, 0, -0.22, 1.16, 1.32)
    hair_share = inside(hair, 0.012) * inside((y - 0.25) / 0.1, 0.6)
    canvas = mix(canvas, (30, 24, 24), hair_share)
    for side in (-1, 1):
        canvas = mix(canvas, (186, 132, 106), inside(ellipse(x, y, side * 1.0, 0.02, 0.12, 0.27), 0.06))

    skin = numpy.ones(canvas.shape) * numpy.array((222, 172, 140), float)
    skin = mix(skin, (214, 140, 120), 0.35 * (bump(x, y, -0.52, 0.22, 0.25, 0.22) + bump(x, y, 0.52, 0.22, 0.25, 0.22)))
    upper = inside(ellipse(x, y, 0, 0.57, 0.30, 0.065), 0.12) * inside((y - 0.62) / 0.02, 0.4)
    lower = inside(ellipse(x, y, 0, 0.65, 0.25, 0.095), 0.12) * inside((0.62 - y) / 0.02, 0.4)
    skin = mix(skin, (168, 84, 80), upper * 0.85)
    skin = mix(skin, (186, 98, 92), lower * 0.85)
    skin = skin * shading(x, y)[..., None]
    between = inside((numpy.abs(y - 0.62 - 0.02 * numpy.cos(x * 9)) - 0.012) / 0.01, 0.6)
    skin = mix(skin, (84, 36, 36), between * inside((numpy.abs(x) - 0.29) / 0.03, 0.5) * 0.9)
    for side in (-1, 1):
        skin = mix(skin, (62, 34, 30), bump(x, y, side * 0.095, 0.335, 0.055, 0.026) * 0.95)
        skin = mix(skin, (120, 76, 62), bump(x, y, side * 0.215, 0.28, 0.02, 0.07) * 0.6)
        skin = paint_eye(skin, x, y, side)
    fringe = inside((y + 0.78 - 0.28 * x**2 + 0.05 * x) / 0.05, 0.4)
    skin = mix(skin, (30, 24, 24), fringe)
    share = inside(head_outline(x, y), 0.014)[..., None]
    return canvas * (1 - share) + skin * share


def room():
    """A wall with soft light and a door frame: something, but nobody."""
    rows, columns = numpy.mgrid[0:HEIGHT, 0:WIDTH].astype(float)
    light = 168 + 30 * numpy.exp(-(((columns - 200) / 360) ** 2) - ((rows - 120) / 300) ** 2) - 0.05 * rows
    wall = light[..., None] * numpy.array((1.0, 0.99, 0.95))
    wall[:, 560:568] *= 0.72
    wall[:, 568:] *= 0.90
    return wall


def as_photo(canvas, brightness=1.0):
    """What a small camera makes of it: a little blur and noise."""
    soft = Image.fromarray(numpy.clip(canvas * brightness, 0, 255).astype(numpy.uint8))
    soft = soft.filter(ImageFilter.GaussianBlur(0.7))
    noisy = numpy.asarray(soft, float) + CHANCE.normal(0, 2.0, (HEIGHT, WIDTH, 1))
    return Image.fromarray(numpy.clip(noisy, 0, 255).astype(numpy.uint8))


# Codes ---------------------------------------------------------------------------------------------------------

def phone(code):
    """A phone held before a wall, its screen showing a code."""
    canvas = Image.new("RGBA", (WIDTH, HEIGHT))
    draw = ImageDraw.Draw(canvas)
    draw.rounded_rectangle((200, 20, 440, 470), 26, fill=(24, 24, 28))
    draw.rounded_rectangle((210, 34, 430, 456), 14, fill=(246, 246, 246))
    draw.rounded_rectangle((210, 34, 430, 90), 14, fill=(40, 92, 148))
    code = code.convert("RGB")
    code.thumbnail((204, 260), Image.NEAREST)
    canvas.paste(code, (320 - code.width // 2, 250 - code.height // 2))
    tilted = canvas.rotate(4, Image.BICUBIC)
    wall = as_photo(room())
    wall.paste(tilted, mask=tilted)
    return wall.filter(ImageFilter.GaussianBlur(0.6))


def qr(text, module):
    code = qrcode.QRCode(error_correction=qrcode.constants.ERROR_CORRECT_M, box_size=module, border=3)
    code.add_data(text)
    code.make(fit=True)
    return code.make_image().get_image()


def payment():
    """A payment code in EMVCo's form; tag 26 is a made-up scheme that pays nobody."""
    def tag(number, value):
        return f"{number}{len(value):02}{value}"

    account = tag("00", "INVENTED.TEST") + tag("01", "0001")
    fields = [("00", "01"), ("01", "11"), ("26", account), ("53", "764"), ("54", "1.00"), ("58", "TH")]
    text = "".join(tag(number, value) for number, value in fields) + "6304"
    return text + f"{binascii.crc_hqx(text.encode(), 0xFFFF):04X}"


def slip_with_code128(text):
    """A paper slip with a barcode, lying level."""
    options = {"module_width": 0.25, "module_height": 12, "write_text": False, "dpi": 203, "quiet_zone": 4}
    bars = barcode.get("code128", text, writer=ImageWriter()).render(options).convert("RGB")
    canvas = as_photo(room())
    ImageDraw.Draw(canvas).rectangle((40, 90, 600, 390), fill=(244, 242, 236))
    canvas.paste(bars, (320 - bars.width // 2, 240 - bars.height // 2))
    return canvas.filter(ImageFilter.GaussianBlur(0.6))


def main():
    portrait = head(room(), (320, 228), 118)
    save("face.jpg", as_photo(portrait))
    save("dark.jpg", as_photo(portrait, 0.10))
    save("no-face.jpg", as_photo(room()))
    save("two-faces.jpg", as_photo(head(head(room(), (190, 240), 88), (450, 236), 88)))
    save("qr-demo.jpg", phone(qr("SIM-0000-DEMO-0001", 6)))
    save("qr-payment.jpg", phone(qr(payment(), 5)))
    save("code128.jpg", slip_with_code128("SIM-0000-DEMO-0128"))


if __name__ == "__main__":
    main()
