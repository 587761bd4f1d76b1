import type { FanOutPlan } from './fan-out-file/plan.js';
import { planFanOutFile } from './fan-out-file/read-fan-out-file.js';
import type { FanOutFileWorld } from './fan-out-file/world.js';
import { readYamlTree } from './fan-out-file/yaml-tree.js';
import type { ManifestPlan } from './manifest/plan.js';
import { looksLikeManifest, planManifest } from './manifest/read-manifest.js';

/** A file that describes a run: one command for many inputs, or ranks. */
export type RunFilePlan =
  | { readonly kind: 'fan-out'; readonly plan: FanOutPlan }
  | { readonly kind: 'manifest'; readonly plan: ManifestPlan };

/**
 * Reads a file in YAML, whichever of both it is. `containers`: whether ranks may have any. Throws FanOutFileError with all
 * that is wrong.
 */
export function readRunFile(
  text: string,
  fileName: string,
  world: FanOutFileWorld,
  options: { readonly containers: boolean },
): RunFilePlan {
  const tree = readYamlTree(text, world);
  return looksLikeManifest(tree)
    ? { kind: 'manifest', plan: planManifest(tree, fileName, world, options) }
    : { kind: 'fan-out', plan: planFanOutFile(tree, fileName, world) };
}
