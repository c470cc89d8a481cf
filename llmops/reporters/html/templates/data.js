// Unpacks what Python packed: zlib, in base64, in blocks that stay closed until they are looked at.

const element = (id) => document.getElementById(id);

async function unpack(id) {
  const packed = atob(element(id).textContent);
  const bytes = new Uint8Array(packed.length);
  for (let place = 0; place < packed.length; place += 1) bytes[place] = packed.charCodeAt(place);
  const opened = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Response(opened).json();
}

// A row is [data, results]; a result is null, or has these places:
const OUTPUTS = 0, VERDICTS = 1, SECONDS = 2, TOKENS_IN = 3, TOKENS_OUT = 4, CALLS = 5, COST = 6, ERROR = 7, FAILED = 8;

class Rows {
  static MOST_OPEN = 24;

  constructor(index) {
    this.starts = index.starts;
    this.length = index.rows.line.length;
    this.open = new Map(); // the least recently used block comes first
  }

  blockOf(row) {
    let low = 0, high = this.starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.starts[middle] <= row) low = middle; else high = middle - 1;
    }
    return low;
  }

  block(number) {
    const rows = this.open.get(number) ?? unpack(`block-${number}`);
    this.open.delete(number);
    this.open.set(number, rows);
    if (this.open.size > Rows.MOST_OPEN) this.open.delete(this.open.keys().next().value);
    return rows;
  }

  async row(row) {
    const number = this.blockOf(row);
    return (await this.block(number))[row - this.starts[number]];
  }
}
