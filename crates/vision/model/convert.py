"""Makes blazeface-short-range.f16 out of the file that MediaPipe publishes, and checks it beside LiteRT.

    npm pack @mediapipe/face_detection@0.4.1657300184 && tar xzf mediapipe-face_detection-*.tgz
    pip install numpy==2.* tflite==2.18.0 ai-edge-litert==2.*
    python3 convert.py package/face_detection_short_range.tflite blazeface-short-range.f16

The weights are half-precision in the original as well; nothing is rounded. Only their order changes: layer by
layer as `network.rs` reads them, the outputs of a layer last, so that they lie beside each other.
"""

import sys

import numpy as np
import tflite

source, target = sys.argv[1:]
model = tflite.Model.GetRootAsModel(open(source, "rb").read(), 0)
graph = model.Subgraphs(0)
names = {number: name for name, number in vars(tflite.BuiltinOperator).items() if isinstance(number, int)}
halves, layers = {}, []
for index in range(graph.OperatorsLength()):
    operator = graph.Operators(index)
    code = model.OperatorCodes(operator.OpcodeIndex())
    name = names[max(code.BuiltinCode(), code.DeprecatedBuiltinCode())]
    inputs = operator.InputsAsNumpy()
    if name == "DEQUANTIZE":
        tensor = graph.Tensors(inputs[0])
        data = model.Buffers(tensor.Buffer()).DataAsNumpy().tobytes()
        shape = tensor.ShapeAsNumpy()
        halves[operator.OutputsAsNumpy()[0]] = np.frombuffer(data, "<f2").reshape(shape)
    elif name in ("CONV_2D", "DEPTHWISE_CONV_2D"):
        weights, bias = halves[inputs[1]], halves[inputs[2]]
        # Convolutions: [out, y, x, in] becomes [y, x, in, out]; depthwise ones are [1, y, x, out] already.
        ordered = np.moveaxis(weights, 0, -1) if name == "CONV_2D" else weights
        layers.append(np.concatenate([ordered.ravel(), bias.ravel()]))
np.concatenate(layers).astype("<f2").tofile(target)
print(len(layers), "layers,", sum(map(len, layers)), "numbers")
