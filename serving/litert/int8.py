"""The int8 form of a float32 .tflite model.

LiteRT gives every channel of a convolution's weights its own scale, but one scale to all numbers of a factor such as the one that
batch normalisation leaves where no convolution comes before it (pre-activation residual networks, DenseNet). Its numbers differ by
orders of magnitude, so the small ones are lost: these products become depthwise convolutions of one pixel, which compute the same.
"""

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from serving.litert import metadata

KINDS = schema.BuiltinOperator


def quantised(content: bytes, inputs: Iterable[list[np.ndarray]]) -> bytes:
    """A float32 model with int8 weights and activations, uint8 input and float32 output.

    inputs: float32 input tensors, as lists of one; they set the range of every activation.
    Raises what TensorFlow's quantiser raises.
    """
    import tensorflow as tf

    # What tf.lite.TFLiteConverter calls after its own conversion; it offers no way to change the model in between.
    from tensorflow.lite.python.convert import mlir_quantize
    from tensorflow.lite.python.optimize import calibrator

    model = calibrator.add_intermediate_tensors(with_channel_scales(content))
    calibrated = calibrator.Calibrator(model).calibrate(lambda: inputs)
    # MediaPipe Tasks refuses int8 input; a float output spares every app a step, and a softmax in integers would round to 1/256.
    return bytes(
        mlir_quantize(calibrated, input_data_type=tf.uint8, output_data_type=tf.float32, denylisted_ops={"SOFTMAX"})
    )


def with_channel_scales(content: bytes) -> bytes:
    """The model with each product by one factor per channel, and a sum that follows, as one depthwise convolution."""
    graph = _Graph(content)
    for operator in graph.products():
        graph.replace(operator)
    return graph.packed()


class _Graph:
    """The first subgraph of a .tflite model, open for changes."""

    def __init__(self, content: bytes) -> None:
        self.model = schema.ModelT.InitFromPackedBuf(content, 0)
        self.graph = self.model.subgraphs[0]
        self.size = len(content)

    def packed(self) -> bytes:
        """The model's bytes, without the operator codes that nothing uses any more: the calibrator refuses those."""
        operators = [operator for graph in self.model.subgraphs for operator in graph.operators]
        used = sorted({operator.opcodeIndex for operator in operators})
        for operator in operators:
            operator.opcodeIndex = used.index(operator.opcodeIndex)
        self.model.operatorCodes = [self.model.operatorCodes[index] for index in used]
        return metadata.packed_model(self.model, size=self.size)

    def products(self) -> Iterator[Any]:
        return (operator for operator in list(self.graph.operators) if self._kind(operator) == KINDS.MUL)

    def replace(self, product: Any) -> None:
        """Turn MUL(images, factors), or ADD(MUL(images, factors), terms), into a convolution; leave any other product."""
        images, factors = self._operands(product)
        if factors is None:
            return
        last, terms = product, np.zeros_like(factors)
        [*readers] = (operator for operator in self.graph.operators if product.outputs[0] in operator.inputs)
        if len(readers) == 1 and self._is_plain(product) and self._kind(readers[0]) == KINDS.ADD:
            summed, found = self._operands(readers[0])
            if found is not None and summed == product.outputs[0]:
                last, terms = readers[0], found
                self.graph.operators = [operator for operator in self.graph.operators if operator is not product]
        self._convolve(last, images, factors, terms)

    def _kind(self, operator: Any) -> int:
        code = self.model.operatorCodes[operator.opcodeIndex]
        return int(max(code.builtinCode, code.deprecatedBuiltinCode))

    def _is_plain(self, product: Any) -> bool:
        """Whether nothing comes between the product and its reader."""
        activation = product.builtinOptions.fusedActivationFunction
        return bool(activation == schema.ActivationFunctionType.NONE and product.outputs[0] not in self.graph.outputs)

    def _operands(self, operator: Any) -> tuple[int, np.ndarray | None]:
        """The tensor of images (n, h, w, c) and the constant float32 (c,), or None when the operator is of another form."""
        first, second = (int(index) for index in operator.inputs)
        for images, constant in ((first, second), (second, first)):
            shape = self.graph.tensors[images].shape
            numbers = self._numbers(constant)
            if numbers is not None and shape is not None and len(shape) == 4 and numbers.size == shape[-1] > 1:
                return images, numbers
        return first, None

    def _numbers(self, index: int) -> np.ndarray | None:
        tensor = self.graph.tensors[index]
        data = self.model.buffers[tensor.buffer].data
        if data is None or not len(data) or tensor.type != schema.TensorType.FLOAT32:
            return None
        return np.asarray(data, np.uint8).view(np.float32)

    def _convolve(self, operator: Any, images: int, factors: np.ndarray, terms: np.ndarray) -> None:
        """Make the operator a depthwise convolution of one pixel; its output and its activation stay."""
        options = schema.DepthwiseConv2DOptionsT()
        options.padding = schema.Padding.VALID
        options.strideW = options.strideH = options.depthMultiplier = 1
        options.fusedActivationFunction = operator.builtinOptions.fusedActivationFunction
        name = self.graph.tensors[operator.outputs[0]].name
        weights = self._constant(name + b"/factors", factors.reshape(1, 1, 1, -1))
        operator.inputs = np.array([images, weights, self._constant(name + b"/terms", terms)], np.int32)
        operator.opcodeIndex = self._depthwise_code()
        operator.builtinOptionsType = schema.BuiltinOptions.DepthwiseConv2DOptions
        operator.builtinOptions = options

    def _constant(self, name: bytes, numbers: np.ndarray) -> int:
        """A new tensor; returns its index."""
        self.model.buffers.append(schema.BufferT(data=np.frombuffer(numbers.tobytes(), np.uint8)))
        tensor = schema.TensorT()
        tensor.name, tensor.shape = name, np.array(numbers.shape, np.int32)
        tensor.type, tensor.buffer = schema.TensorType.FLOAT32, len(self.model.buffers) - 1
        self.graph.tensors.append(tensor)
        return len(self.graph.tensors) - 1

    def _depthwise_code(self) -> int:
        """Index of the operator code, which is added when the model has none yet."""
        for index, code in enumerate(self.model.operatorCodes):
            if max(code.builtinCode, code.deprecatedBuiltinCode) == KINDS.DEPTHWISE_CONV_2D:
                return index
        code = schema.OperatorCodeT()
        code.builtinCode = code.deprecatedBuiltinCode = KINDS.DEPTHWISE_CONV_2D
        code.version = 1
        self.model.operatorCodes.append(code)
        return len(self.model.operatorCodes) - 1
