import type { Program, WebGpuBackend } from "./device.ts";

/** The statement that copies an element, in the shader of a transposition of more than two axes. */
const copy = /setOutputAtIndex\(flatIndex, (A\[[^]*?\)\])\);/;

/**
 * Makes TensorFlow.js's transposition of more than two axes work on integers and booleans, and on floats that were cast from them,
 * which share their buffer. Its shader hands an integer element to a function that takes floats (version 4.22), so that the shader
 * does not compile and what was to be transposed, or reduced along another than the last axis, holds whatever the memory did.
 */
export function repairTranspose(backend: WebGpuBackend): void {
  const run = backend.runWebGPUProgram.bind(backend);
  backend.runWebGPUProgram = (program, inputs, outputDtype, ...rest) => {
    const [input] = inputs;
    if (program.constructor.name === "TransposeProgram" && input !== undefined) {
      if (backend.tensorMap.get(input.dataId).dtype !== "float32") convert(program, outputDtype);
    }
    return run(program, inputs, outputDtype, ...rest);
  };
}

function convert(program: Program, outputDtype: string): void {
  const own = program.getUserCode.bind(program);
  const repaired =
    outputDtype === "float32" ? "setOutputAtIndex(flatIndex, f32($1));" : "setOutputAtIndexI32(flatIndex, $1);";
  program.getUserCode = () => own().replace(copy, repaired);
}
