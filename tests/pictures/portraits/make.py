"""Makes the portraits here out of a clone of their collection, and says where the face is in each.

    python3 make.py CLONE BLAZEFACE.tflite        (numpy 2, Pillow 11, ai-edge-litert 2)

The place of the face is what LiteRT says with the same network as ours: it frames the pictures of the labelled
set, and is not what the set measures.
"""

import pathlib
import sys

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from PIL import Image

CHOSEN = {
    "female": [2, 4, 6, 10, 13, 15, 16, 18, 21, 30, 33, 35, 37, 39, 48, 49, 52, 55, 61, 69, 76, 81, 83, 88, 91, 94, 97],
    "male": [0, 3, 7, 12, 20, 26, 28, 30, 32, 37, 41, 43, 47, 49, 50, 53, 55, 60, 65, 67, 75, 82, 83, 92, 95],
}
SIDE = 400
clone, network = map(pathlib.Path, sys.argv[1:])
here = pathlib.Path(__file__).parent
interpreter = Interpreter(str(network))
interpreter.allocate_tensors()
anchors = [
    ((x + 0.5) / side, (y + 0.5) / side)
    for side, each in ((16, 2), (8, 6)) for y in range(side) for x in range(side) for _ in range(each)
]
lines = ["# file\tmiddle of the face across and down, its width: in thousandths of the picture\ttilt in tenths of a degree"]
for folder, numbers in CHOSEN.items():
    for number in numbers:
        picture = Image.open(clone / folder / "512" / f"{number}.jpg").convert("RGB")
        small = picture.resize((128, 128), Image.Resampling.BOX)
        interpreter.set_tensor(interpreter.get_input_details()[0]["index"], np.asarray(small, np.float32)[None] / 127.5 - 1)
        interpreter.invoke()
        out = {d["name"]: interpreter.get_tensor(d["index"])[0] for d in interpreter.get_output_details()}
        best = out["classificators"][:, 0].argmax()
        guess, (x, y) = out["regressors"][best] / 128, anchors[best]
        tilt = np.degrees(np.arctan2(guess[7] - guess[5], guess[6] - guess[4]))
        name = f"{folder}-{number}.jpg"
        place = [round(1000 * float(v)) for v in (guess[0] + x, guess[1] + y, guess[2])]
        lines.append("\t".join(map(str, [name, *place, round(10 * float(tilt))])))
        picture.resize((SIDE, SIDE), Image.Resampling.LANCZOS).save(here / name, quality=85, optimize=True)
(here / "faces.tsv").write_text("\n".join(lines) + "\n")
