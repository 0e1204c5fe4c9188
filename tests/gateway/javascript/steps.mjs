// What the scripts share: their environment, and how a step is run and told.
import assert from "node:assert/strict";

export const { GATEWAY, UPSTREAM, KEY, DRAIN_KEY, LIVE_KEY, POOR_KEY, SHORT_KEY } = process.env;

/** Run the steps in order. Prints the name of each that passed; the first that fails ends the script. */
export async function steps(all) {
  for (const [name, act] of Object.entries(all)) {
    try {
      await act();
    } catch (error) {
      console.error(`${name} failed:`, error);
      process.exit(1);
    }
    console.log(name);
  }
  process.exit(0);
}

/** Return what `act` throws. */
export async function thrown(act) {
  try {
    await act();
  } catch (error) {
    return error;
  }
  return assert.fail("nothing was thrown");
}

/** Let the streams go on that the provider holds. */
export const release = () => fetch(`${UPSTREAM}/release`, { method: "POST" });

/** A WAV file of silence: 8 kHz, 16 bits, one channel. */
export function wav(seconds) {
  const size = 16_000 * seconds;
  const file = Buffer.alloc(44 + size);
  file.write("RIFF", 0);
  file.writeUInt32LE(36 + size, 4);
  file.write("WAVEfmt ", 8);
  file.writeUInt32LE(16, 16);
  file.writeUInt16LE(1, 20);
  file.writeUInt16LE(1, 22);
  file.writeUInt32LE(8_000, 24);
  file.writeUInt32LE(16_000, 28);
  file.writeUInt16LE(2, 32);
  file.writeUInt16LE(16, 34);
  file.write("data", 36);
  file.writeUInt32LE(size, 40);
  return file;
}
