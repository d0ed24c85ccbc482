/** Reads what Chrome's DevTools read: `.cpuprofile` and `.heapsnapshot` files. Throws where a reader would stumble. */

interface ProfileNode {
  readonly id: number;
  readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  readonly children?: readonly number[];
}

interface CpuProfile {
  readonly nodes: readonly ProfileNode[];
  /** Microseconds. */
  readonly startTime: number;
  readonly endTime: number;
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

export interface Profiled {
  readonly seconds: number;
  readonly samples: number;
  /** Functions that were seen, with the file that they stand in. */
  readonly functions: readonly { readonly name: string; readonly url: string }[];
}

export const readCpuProfile = (text: string): Profiled => {
  const { nodes, samples, timeDeltas, startTime, endTime } = JSON.parse(text) as CpuProfile;
  const ids = new Set(nodes.map(({ id }) => id));
  if (ids.size !== nodes.length) throw new Error("two nodes have one id");
  const children = nodes.flatMap((node) => node.children ?? []);
  if (new Set(children).size !== children.length) throw new Error("a node has two parents");
  if (children.length !== nodes.length - 1) throw new Error("the nodes are no tree");
  if (![...children, ...samples].every((id) => ids.has(id))) throw new Error("a node is missing");
  if (samples.length !== timeDeltas.length) throw new Error("samples and times do not fit");
  return {
    seconds: (endTime - startTime) / 1e6,
    samples: samples.length,
    functions: nodes.map(({ callFrame }) => ({ name: callFrame.functionName, url: callFrame.url })),
  };
};

interface HeapSnapshotFile {
  readonly snapshot: {
    readonly meta: { readonly node_fields: readonly string[]; readonly edge_fields: readonly string[] };
    readonly node_count: number;
    readonly edge_count: number;
  };
  readonly nodes: readonly number[];
  readonly edges: readonly number[];
  readonly strings: readonly string[];
}

export interface HeapRead {
  readonly nodes: number;
  readonly strings: ReadonlySet<string>;
}

export const readHeapSnapshot = (text: string): HeapRead => {
  const { snapshot, nodes, edges, strings } = JSON.parse(text) as HeapSnapshotFile;
  const { meta, node_count: nodeCount, edge_count: edgeCount } = snapshot;
  if (nodes.length !== nodeCount * meta.node_fields.length) throw new Error("nodes are missing");
  if (edges.length !== edgeCount * meta.edge_fields.length) throw new Error("edges are missing");
  const nameAt = meta.node_fields.indexOf("name");
  for (let i = nameAt; i < nodes.length; i += meta.node_fields.length) {
    if (strings[nodes[i] ?? -1] === undefined) throw new Error("the name of a node is missing");
  }
  return { nodes: nodeCount, strings: new Set(strings) };
};
