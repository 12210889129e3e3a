"""Makes the pictures here, one for each hint of the selfie screen, out of two portraits. Needs Pillow 11."""

import pathlib

from PIL import Image, ImageDraw, ImageEnhance, ImageFilter

here = pathlib.Path(__file__).parent
portraits = here.parent / "portraits"
places = {}
for line in (portraits / "faces.tsv").read_text().splitlines():
    if not line.startswith("#"):
        name, *numbers = line.split("\t")
        places[name] = [int(number) / 1000 * 400 for number in numbers[:3]]


def camera(name="female-4.jpg", size=0.45, across=0.5, down=0.5, tilt=0.0):
    x, y, face = places[name]
    scale = face / (size * 480)
    picture = Image.open(portraits / name)
    # Beyond the portrait's edge goes on what is at the edge, by a wide border.
    wide = picture.resize((1200, 1200), box=(0, 0, 1, 1))
    for (left, top), box in {
        (400, 0): (0, 0, 400, 1), (400, 800): (0, 399, 400, 400), (0, 400): (0, 0, 1, 400), (800, 400): (399, 0, 400, 400),
    }.items():
        wide.paste(picture.resize((400, 400), box=box), (left, top))
    wide.paste(picture.resize((400, 400), box=(0, 399, 1, 400)), (0, 800))
    wide.paste(picture.resize((400, 400), box=(399, 399, 400, 400)), (800, 800))
    wide.paste(picture.resize((400, 400), box=(399, 0, 400, 1)), (800, 0))
    wide.paste(picture, (400, 400))
    turned = wide.rotate(-tilt, Image.Resampling.BICUBIC, center=(400 + x, 400 + y))
    left, top = 400 + x - across * 640 * scale, 400 + y - down * 480 * scale
    return turned.transform((640, 480), Image.Transform.AFFINE, (scale, 0, left, 0, scale, top), Image.Resampling.BICUBIC)


def beside():
    both = camera(size=0.36, across=0.25)
    both.paste(camera("male-83.jpg", size=0.36, across=0.75).crop((320, 0, 640, 480)), (320, 0))
    return both


def glasses():
    picture = camera()
    draw = ImageDraw.Draw(picture)
    draw.rounded_rectangle((238, 178, 312, 232), 22, fill=(24, 22, 20))
    draw.rounded_rectangle((326, 178, 400, 232), 22, fill=(24, 22, 20))
    draw.line((308, 196, 330, 196), fill=(24, 22, 20), width=7)
    return picture


plain = camera()
for hint, picture in {
    "good": plain,
    "no_face": Image.open(here.parent / "no-face.jpg"),
    "one_face_only": beside(),
    "come_closer": camera(size=0.26),
    "move_back": camera(size=0.9),
    "centre": camera(across=0.24),
    "upright": camera(tilt=24),
    "more_light": ImageEnhance.Brightness(plain).enhance(0.18),
    "less_light": ImageEnhance.Brightness(plain).enhance(2.6),
    "uncover": glasses(),
    "hold_still": plain.filter(ImageFilter.GaussianBlur(5)),
}.items():
    picture.save(here / f"{hint}.jpg", quality=75, optimize=True)
