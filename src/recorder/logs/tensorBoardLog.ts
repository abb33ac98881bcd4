/**
 * TensorBoard's event files: TFRecords, each an `Event` of TensorFlow's protocol buffers. Only scalars are read, written as
 * numbers (PyTorch) or as tensors of one element (TensorFlow 2). Source: `tfrecord.rst`, `event.proto`, `summary.proto` and
 * `tensor.proto` of TensorFlow.
 */
import { PbfReader } from "pbf";
import { RunFileError } from "../../run/runFileError.ts";
import { maskedChecksum } from "./checksum.ts";
import type { Log } from "./log.ts";
import { logOfRows, type Row } from "./tableLog.ts";

/** Bytes of a record before its data (length, checksum of the length) and after it (checksum of the data). */
const before = 12;
const after = 4;

/** Whether bytes begin as an event file does, with an event that says the version of the format. */
export function isEventFile(bytes: Buffer): boolean {
  return bytes.subarray(0, 64).includes("brain.Event:");
}

/**
 * Reads a whole event file. A record that is torn off at the end, as in a file that is still written, is left out. Throws
 * `RunFileError` where a checksum is wrong or there is no scalar.
 */
export function readEventFile(bytes: Buffer, place: string): Log {
  const rows: Row[] = [];
  let offset = 0;
  while (offset + before <= bytes.length) {
    const start = offset + before;
    const length = Number(bytes.readBigUInt64LE(offset));
    check(bytes.subarray(offset, offset + 8), bytes.readUInt32LE(offset + 8), offset, place);
    if (start + length + after > bytes.length) break;
    const data = bytes.subarray(start, start + length);
    check(data, bytes.readUInt32LE(start + length), offset, place);
    const row = rowOf(data);
    if (row !== undefined) rows.push(row);
    offset = start + length + after;
  }
  if (rows.length === 0) {
    throw new RunFileError(`${place} is an event file of TensorBoard without a scalar in it: nothing to import.`);
  }
  const log = logOfRows(rows, "an event file of TensorBoard", place);
  const torn = offset < bytes.length;
  return torn ? { ...log, remarks: [...log.remarks, `The last record, at byte ${offset}, is torn: left out.`] } : log;
}

function check(bytes: Uint8Array, expected: number, offset: number, place: string): void {
  if (maskedChecksum(bytes) !== expected) {
    throw new RunFileError(`${place} is damaged: the checksum of its record at byte ${offset} is wrong.`);
  }
}

/** The scalars of an event under their tags, with its step and time; undefined where it has none. */
function rowOf(data: Uint8Array): Row | undefined {
  const row = new Map<string, number>();
  let [step, time] = [0, NaN];
  new PbfReader(data).readFields((field, _, event) => {
    if (field === 1) time = event.readDouble();
    else if (field === 2) step = event.readVarint(true);
    else if (field === 5)
      event.readMessage((inner, __, summary) => {
        if (inner === 1) readScalar(summary, row);
      }, undefined);
  }, undefined);
  if (row.size === 0) return undefined;
  return row.set("step", step).set("wall_time", time);
}

function readScalar(summary: PbfReader, row: Map<string, number>): void {
  let tag = "";
  let scalar: number | undefined;
  summary.readMessage((field, _, value) => {
    if (field === 1) tag = value.readString();
    else if (field === 2) scalar = value.readFloat();
    else if (field === 8) scalar = readTensor(value);
  }, undefined);
  if (scalar !== undefined) row.set(tag, scalar);
}

/** Of `DataType`. */
const float = 1;
const double = 2;

/** The element of a tensor that has one, in single or double precision; undefined for any other. */
function readTensor(message: PbfReader): number | undefined {
  let type = 0;
  let content = new Uint8Array();
  const values: number[] = [];
  message.readMessage((field, _, tensor) => {
    if (field === 1) type = tensor.readVarint();
    else if (field === 4) content = Uint8Array.from(tensor.readBytes());
    else if (field === 5) tensor.readPackedFloat(values);
    else if (field === 6) tensor.readPackedDouble(values);
  }, undefined);
  const view = new DataView(content.buffer);
  if (type === float && content.length === 4) values.push(view.getFloat32(0, true));
  if (type === double && content.length === 8) values.push(view.getFloat64(0, true));
  return (type === float || type === double) && values.length === 1 ? values[0] : undefined;
}
