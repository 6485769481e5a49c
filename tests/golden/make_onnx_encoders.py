"""Writes onnx_encoders/*.onnx, once: small graphs for images, as they come out of other people's exports.

Run where onnx 1.23.2 is installed: python -m tests.golden.make_onnx_encoders.

* ``maps``: any number of images of any size with three channels; five maps of a convolution.
* ``eights``: eight grey images of 10 x 6 pixels at a time; the mean of each line.
* ``bytes``: grey images as bytes; their mean and their largest value.
* ``rows``: no images.
* ``batch``: an image's features depend on the others.
"""

from pathlib import Path

import numpy as np

FOLDER = Path(__file__).with_name("onnx_encoders")


def kernel() -> np.ndarray:
    """The convolution's weights, (5, 3, 3, 3)."""
    return np.random.default_rng(0).normal(size=(5, 3, 3, 3)).astype(np.float32)


def main() -> None:
    """Write the files."""
    from onnx import TensorProto, checker, helper, numpy_helper, save

    def graph(name, nodes, taken, given, constants=()):
        inputs = [helper.make_tensor_value_info("images", *taken)]
        outputs = [helper.make_tensor_value_info("features", TensorProto.FLOAT, given)]
        made = helper.make_graph(nodes, name, inputs, outputs, [numpy_helper.from_array(value, key) for key, value in constants])
        model = helper.make_model(made, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
        checker.check_model(model)
        save(model, FOLDER / f"{name}.onnx")

    FOLDER.mkdir(exist_ok=True)
    node, float32, uint8 = helper.make_node, TensorProto.FLOAT, TensorProto.UINT8
    graph(
        "maps",
        [node("Conv", ["images", "kernel"], ["features"])],
        (float32, ["n", 3, "height", "width"]),
        ["n", 5, "h", "w"],
        [("kernel", kernel())],
    )
    graph("eights", [node("ReduceMean", ["images"], ["features"], axes=[1, 3], keepdims=0)], (float32, [8, 1, 6, 10]), [8, 6])
    graph(
        "bytes",
        [
            node("Cast", ["images"], ["values"], to=float32),
            node("ReduceMean", ["values"], ["mean"], axes=[2, 3], keepdims=0),
            node("ReduceMax", ["values"], ["most"], axes=[2, 3], keepdims=0),
            node("Concat", ["mean", "most"], ["features"], axis=1),
        ],
        (uint8, ["n", 1, "height", "width"]),
        ["n", 2],
    )
    graph("rows", [node("Identity", ["images"], ["features"])], (float32, ["n", 4]), ["n", 4])
    graph(
        "batch",
        [
            node("ReduceMean", ["images"], ["own"], axes=[2, 3], keepdims=0),
            node("ReduceMean", ["own"], ["all"], axes=[0], keepdims=1),
            node("Sub", ["own", "all"], ["features"]),
        ],
        (float32, ["n", 1, "height", "width"]),
        ["n", 1],
    )


if __name__ == "__main__":
    main()
