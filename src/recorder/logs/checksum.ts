/** CRC-32C, by bytes: the polynomial of Castagnoli et al. 1993, reflected. */
const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = (value & 1) === 1 ? (value >>> 1) ^ 0x82f63b78 : value >>> 1;
  return value;
});

/** The checksum that TFRecord files write beside their data: CRC-32C, rotated by 15 bits and shifted by a constant. */
export function maskedChecksum(bytes: Uint8Array): number {
  let value = 0xffffffff;
  for (const byte of bytes) value = (table[(value ^ byte) & 0xff] ?? NaN) ^ (value >>> 8);
  value = (value ^ 0xffffffff) >>> 0;
  return (((value >>> 15) | (value << 17)) + 0xa282ead8) >>> 0;
}
