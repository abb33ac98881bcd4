/**
 * What a change of depth and width asks of a residual network under Adam or AdamW (CompleteP), so that the best learning rate stays the same
 * and every block goes on learning. Pure arithmetic: factors on what a base network uses. With l the factor on depth:
 *
 *   what a block adds to the stream        1/l
 *   ε of everything in a block             as in `widthTransfer`, divided by l
 *   all else, in blocks and outside        as in `widthTransfer`: depth changes nothing
 *
 * Fresh blocks have no factor of their own for depth, as GPT-2's 1/√(2L). The older rule of Yang et al. 2023, 1/√l with rates in
 * proportion to 1/√l, lets the best rate drift in networks whose blocks have more than one layer.
 *
 * Source: Dey et al. 2025, table 1 with α = 1. Assumes blocks that are normalized before they are entered. That the best rate does not move
 * was not checked here; that a few steps of Adam change the outputs alike at depths of 4 to 32 was, in float64, see the test.
 */
import { transferWidth, type LayerChange, type LayerRole } from "./widthTransfer.ts";

/** Factors on a base network's width and depth, in blocks. */
export interface NetworkGrowth {
  readonly width: number;
  readonly depth: number;
}

/** What a block's output is multiplied by before it is added to the stream, over what it is in the base network. */
export function branchMultiplier({ depth }: NetworkGrowth): number {
  return 1 / depth;
}

/**
 * What a layer needs in a residual network that has grown.
 *
 * @param within whether the layer belongs to a block, or stands before or after all of them
 */
export function transferDepth(role: LayerRole, within: boolean, { width, depth }: NetworkGrowth): LayerChange {
  const layer = transferWidth("adaptive", role, { inputs: width, units: width });
  return within ? { ...layer, epsilon: layer.epsilon / depth } : layer;
}
