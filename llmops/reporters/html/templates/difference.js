// What differs between two texts, word by word.

const MOST_STEPS = 4e6; // beyond it, what is between the common ends counts as different

function words(text) {
  return text.match(/\s+|[\p{L}\p{N}_]+|[^\s\p{L}\p{N}_]/gu) ?? [];
}

// Returns both texts in pieces [text, isMarked].
function difference(before, after) {
  const old = words(before), now = words(after);
  let start = 0, end = 0;
  while (start < old.length && start < now.length && old[start] === now[start]) start += 1;
  while (end < Math.min(old.length, now.length) - start && old.at(-1 - end) === now.at(-1 - end)) end += 1;
  const [left, right] = marks(old.slice(start, old.length - end), now.slice(start, now.length - end));
  const around = (all, marked) => pieces(all, [...Array(start).fill(false), ...marked, ...Array(end).fill(false)]);
  return [around(old, left), around(now, right)];
}

// Tells which words are not in the longest common subsequence.
function marks(old, now) {
  const left = Array(old.length).fill(true), right = Array(now.length).fill(true);
  const width = now.length + 1;
  if ((old.length + 1) * width > MOST_STEPS) return [left, right];
  const longest = new Uint16Array((old.length + 1) * width);
  for (let i = old.length - 1; i >= 0; i -= 1) {
    for (let j = now.length - 1; j >= 0; j -= 1) {
      const at = i * width + j;
      longest[at] = old[i] === now[j] ? longest[at + width + 1] + 1 : Math.max(longest[at + width], longest[at + 1]);
    }
  }
  for (let i = 0, j = 0; i < old.length && j < now.length;) {
    const at = i * width + j;
    if (old[i] === now[j]) left[i++] = right[j++] = false;
    else if (longest[at + width] >= longest[at + 1]) i += 1;
    else j += 1;
  }
  return [left, right];
}

function pieces(all, marked) {
  const found = [];
  all.forEach((word, place) => {
    // A space between two marked words is marked as well: one mark is easier to read than two.
    const isMarked = marked[place] || (/^\s+$/.test(word) && marked[place - 1] && marked[place + 1]) || false;
    if (found.length && found.at(-1)[1] === isMarked) found.at(-1)[0] += word;
    else found.push([word, isMarked]);
  });
  return found;
}
