"use strict";
// The page of a lineage. Python has drawn everything and fixed rank and order; this script pans, zooms, traces and
// searches, and assigns coordinates anew when an action is collapsed: by the same rules as layout/place.py.
(() => {
  const data = JSON.parse(document.getElementById("lineage").textContent);
  const { sizes, nodes, edges, lenses } = data;
  const canvas = document.getElementById("canvas");
  const panel = document.getElementById("panel");
  const facts = document.getElementById("facts");
  const input = document.querySelector("#search input");
  const count = document.querySelector("#search output");
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const state = { lens: "unified", collapsed: new Set(), chosen: null, views: {}, match: -1 };

  // -- coordinates, as in layout/place.py ---------------------------------------------------------------------------

  const half = (value) => Math.floor(2 * value + 0.5) / 2;

  function spread(wanted, room, least) {
    const shifts = [0];
    for (const distance of room) shifts.push(shifts[shifts.length - 1] + distance);
    const pools = [];
    wanted.forEach((place, index) => {
      let mean = place - shifts[index], weight = 1;
      while (pools.length && pools[pools.length - 1][0] > mean) {
        const [other, heavy] = pools.pop();
        mean = (other * heavy + mean * weight) / (heavy + weight);
        weight += heavy;
      }
      pools.push([mean, weight]);
    });
    const settled = pools.flatMap(([mean, weight]) => Array(weight).fill(Math.max(mean, least)));
    return settled.map((place, index) => half(place + shifts[index]));
  }

  function settle(plan, collapsed) {
    const faces = new Map(plan.cells.map((cell) => [cell.id, (collapsed.has(cell.id) && cell.shut) || cell.open]));
    let levels = {}, ground;
    for (const tracks of Object.values(plan.channels)) tracks.forEach((track, level) => { levels[track] = level; });
    for (let round = 0; round < sizes.rounds; round++) {
      ground = measured(plan, faces, levels);
      const packed = pack(plan, extents(plan, ground));
      if (Object.keys(levels).every((track) => levels[track] === packed[track])) return ground;
      levels = packed;
    }
    return measured(plan, faces, levels);
  }

  function measured(plan, faces, levels) {
    const ground = { plan, faces, levels, corners: new Map(), tracks: {}, courses: {}, tags: {}, slips: new Map(), width: 0, height: 0 };
    const middles = across(ground), tops = down(ground);
    for (const cell of plan.cells) {
      ground.corners.set(cell.id, [middles[cell.column] - faces.get(cell.id).w / 2, tops[cell.row]]);
    }
    for (const cell of plan.cells.filter((cell) => cell.anchor)) {
      const port = Math.min(...Object.values(faces.get(cell.id).ports).map((port) => port[1]));
      ground.corners.set(cell.id, [ground.corners.get(cell.id)[0], heightOf(ground, cell.anchor) - port]);
    }
    moor(ground, plan.left);
    moor(ground, plan.right);
    for (const way of plan.ways) steer(ground, way);
    return ground;
  }

  const widest = (berths) => Math.max(0, ...berths.map((berth) => berth.w));

  function across(ground) {
    const { plan, faces, levels } = ground, middles = [];
    let x = sizes.margin + widest(plan.left);
    for (const berth of plan.left) ground.corners.set(berth.id, [x - berth.w, 0]);
    for (let column = 0; column <= plan.columns; column++) {
      const tracks = plan.channels[`v${column}`] || [];
      for (const track of tracks) ground.tracks[track] = x + sizes.wall + levels[track] * sizes.lane;
      const lanes = Math.max(0, ...tracks.map((track) => levels[track] + 1));
      const isEdge = !tracks.length && (column === 0 || column === plan.columns);
      x += isEdge ? 0 : Math.max(sizes.aisle, 2 * sizes.wall + (lanes - 1) * sizes.lane);
      if (column === plan.columns) break;
      const own = plan.cells.filter((cell) => cell.column === column);
      middles.push(x + Math.max(0, ...own.map((cell) => Math.max(faces.get(cell.id).w / 2, cell.left))));
      x = middles[column] + Math.max(0, ...own.map((cell) => Math.max(faces.get(cell.id).w / 2, cell.right)));
    }
    for (const berth of plan.right) ground.corners.set(berth.id, [x, 0]);
    ground.width = x + widest(plan.right) + sizes.margin;
    return middles;
  }

  function down(ground) {
    const { plan, faces, levels } = ground, tops = [];
    const tagged = new Set(plan.ways.filter((way) => way.tag).map((way) => way.tracks[0]));
    let y = sizes.margin;
    for (let row = 0; row <= plan.rows; row++) {
      const tracks = plan.channels[`h${row}`] || [], lanes = [], lines = [];
      for (const track of tracks) {
        lanes[levels[track]] = Math.max(lanes[levels[track]] || 0, tagged.has(track) ? sizes.shelf : sizes.lane);
      }
      let depth = sizes.head;
      for (const lane of lanes) lines.push(depth += lane);
      for (const track of tracks) ground.tracks[track] = y + lines[levels[track]];
      y += Math.max(row > 0 && row < plan.rows ? sizes.gap : 0, tracks.length ? depth + sizes.foot : 0);
      if (row === plan.rows) break;
      tops.push(y);
      y += Math.max(...plan.cells.filter((cell) => cell.row === row && !cell.anchor).map((cell) => faces.get(cell.id).h));
    }
    ground.height = y + sizes.margin;
    return tops;
  }

  const heightOf = (ground, [item, port]) => ground.corners.get(item)[1] + ground.faces.get(item).ports[port][1];

  const mooring = (berth) => Object.values(berth.ports).reduce((a, b) => Math.min(a, b), berth.h);

  function moor(ground, berths) {
    const wanted = berths.map((berth) =>
      berth.anchor ? heightOf(ground, berth.anchor) - mooring(berth) : ground.height);
    spread(wanted, berths.map((berth) => berth.h + sizes.berth), sizes.margin).forEach((y, index) => {
      const { id, h } = berths[index];
      ground.corners.set(id, [ground.corners.get(id)[0], y]);
      ground.height = Math.max(ground.height, y + h + sizes.margin);
      const slip = wanted[index] - y;
      if (berths[index].anchor && Math.abs(slip) <= sizes.slip) ground.slips.set(id, slip);
    });
  }

  function pointOf(ground, [item, port]) {
    const [x, y] = ground.corners.get(item), face = ground.faces.get(item);
    if (face) return [x + face.ports[port][0], y + face.ports[port][1]];
    const left = ground.plan.left.find((berth) => berth.id === item);
    const berth = left || ground.plan.right.find((berth) => berth.id === item);
    const isFirst = berth.ports[port] === mooring(berth);
    const slip = (isFirst && ground.slips.get(item)) || 0;
    return [left ? x + left.w - left.inset : x + berth.inset, y + berth.ports[port] + slip];
  }

  function steer(ground, way) {
    const start = pointOf(ground, way.start), end = pointOf(ground, way.end), course = [start];
    for (const track of way.tracks) {
      const [x, y] = course[course.length - 1];
      course.push(track[0] === "v" ? [ground.tracks[track], y] : [x, ground.tracks[track]]);
    }
    const [x, y] = course[course.length - 1];
    course.push(way.tracks[way.tracks.length - 1][0] === "v" ? [x, end[1]] : [end[0], y], end);
    ground.courses[way.arrow] = course;
    if (!way.tag) return;
    const [wide, side] = way.tag;
    const left = side === "right" ? start[0] + 6 : start[0] - 6 - wide;
    ground.tags[way.arrow] = [left, half(ground.tracks[way.tracks[0]] - sizes.tag - 2), wide];
  }

  function extents(plan, ground) {
    const found = {};
    for (const way of plan.ways) {
      const course = ground.courses[way.arrow];
      way.tracks.forEach((track, index) => {
        const axis = track[0] === "v" ? 1 : 0, tag = index === 0 && ground.tags[way.arrow];
        const ends = [course[index + 1][axis], course[index + 2][axis]];
        if (tag) ends.push(tag[0], tag[0] + tag[2]);
        if (Math.min(...ends) < Math.max(...ends) || track in found) {
          const [low, high] = found[track] || [ends[0], ends[0]];
          found[track] = [Math.min(low, ...ends), Math.max(high, ...ends)];
        }
      });
    }
    return found;
  }

  function pack(plan, extents) {
    const levels = {}, meet = (a, b) => a[0] - sizes.clear < b[1] && b[0] - sizes.clear < a[1];
    for (const tracks of Object.values(plan.channels)) {
      tracks.forEach((track, index) => {
        levels[track] = 0;
        if (!(track in extents)) return;
        for (const other of tracks.slice(0, index)) {
          if (other in extents && meet(extents[track], extents[other])) {
            levels[track] = Math.max(levels[track], levels[other] + 1);
          }
        }
      });
    }
    return levels;
  }

  function trail(ground, [item, port]) {
    const face = ground.faces.get(item);
    if (!face) return [];
    const [x, y] = ground.corners.get(item);
    return face.ports[port].slice(2).map(([px, py]) => [x + px, y + py]);
  }

  function bends(points) {
    const kept = [], straight = (a, b, c) => (a[0] === b[0] && b[0] === c[0]) || (a[1] === b[1] && b[1] === c[1]);
    for (const point of points) {
      const last = kept[kept.length - 1];
      if (last && last[0] === point[0] && last[1] === point[1]) continue;
      while (kept.length > 1 && straight(kept[kept.length - 2], kept[kept.length - 1], point)) kept.pop();
      kept.push(point);
    }
    return kept;
  }

  const number = (value) => String(Number(value.toFixed(2)));
  const distance = (a, b) => Math.abs(a[0] - b[0]) + Math.abs(a[1] - b[1]);

  function path(points, trim) {  // as course() in svg/marks.py
    const ends = points.slice(), [x, y] = ends[ends.length - 1], [px, py] = ends[ends.length - 2];
    ends[ends.length - 1] = [x - Math.sign(x - px) * trim, y - Math.sign(y - py) * trim];
    let drawn = `M${number(ends[0][0])} ${number(ends[0][1])}`;
    for (let index = 1; index < ends.length - 1; index++) {
      const [before, [cx, cy], after] = ends.slice(index - 1, index + 2);
      const reach = Math.min(sizes.radius, distance(before, [cx, cy]) / 2, distance([cx, cy], after) / 2);
      const near = [cx - Math.sign(cx - before[0]) * reach, cy - Math.sign(cy - before[1]) * reach];
      const far = [cx + Math.sign(after[0] - cx) * reach, cy + Math.sign(after[1] - cy) * reach];
      drawn += `L${near.map(number).join(" ")}Q${number(cx)} ${number(cy)} ${far.map(number).join(" ")}`;
    }
    return `${drawn}L${ends[ends.length - 1].map(number).join(" ")}`;
  }

  // -- drawing --------------------------------------------------------------------------------------------------------

  const picture = () => document.querySelector(`svg[data-lens="${state.lens}"]`);
  const plan = () => lenses[state.lens];

  function redraw() {
    const ground = settle(plan(), state.collapsed), svg = picture();
    for (const group of all("[data-item]", svg)) {
      group.setAttribute("transform", `translate(${ground.corners.get(group.dataset.item).map(number).join(" ")})`);
      const isShut = state.collapsed.has(group.dataset.item);
      group.style.display = group.dataset.face === (isShut ? "open" : "shut") ? "none" : "inline";
    }
    for (const way of plan().ways) {
      const points = [...trail(ground, way.start).reverse(), ...ground.courses[way.arrow], ...trail(ground, way.end)];
      svg.querySelector(`.route[data-arrow="${way.arrow}"] path`).setAttribute("d", path(bends(points), sizes.trims[way.style]));
      if (way.tag) {
        const [x, y] = ground.tags[way.arrow];
        svg.querySelector(`.tag[data-arrow="${way.arrow}"]`).setAttribute("transform", `translate(${number(x)} ${number(y)})`);
      }
    }
    plan().width = ground.width;
    plan().height = ground.height;
    const isOpen = plan().cells.some((cell) => cell.shut && !state.collapsed.has(cell.id));
    document.querySelector('[data-do="fold"]').textContent = isOpen ? "Collapse all" : "Expand all";
    mark();
  }

  function fold(id) {
    const anchor = plan().cells.find((cell) => cell.id === id), before = boxOf(id);
    if (!anchor || !anchor.shut) return;
    if (!state.collapsed.delete(id)) state.collapsed.add(id);
    redraw();
    const after = boxOf(id), view = state.views[state.lens];
    view.x += (before.x - after.x) * view.k;  // what was clicked stays where it is
    view.y += (before.y - after.y) * view.k;
    aim();
  }

  function boxOf(id) {
    const group = all(`[data-item="${CSS.escape(id)}"]`, picture()).find((found) => found.style.display !== "none");
    const [x, y] = group.getAttribute("transform").match(/-?[\d.]+/g).map(Number);
    return { x, y };
  }

  // -- moving -----------------------------------------------------------------------------------------------------------

  function aim() {
    const { x, y, k } = state.views[state.lens];
    picture().querySelector(".view").setAttribute("transform", `translate(${number(x)} ${number(y)}) scale(${k})`);
  }

  function fit() {
    const { width, height } = canvas.getBoundingClientRect();
    const k = Math.min(width / plan().width, height / plan().height, 1.5);
    state.views[state.lens] = { k, x: (width - plan().width * k) / 2, y: Math.max(0, (height - plan().height * k) / 2) };
    aim();
  }

  function zoom(factor, x, y) {
    const view = state.views[state.lens], { width, height, left, top } = canvas.getBoundingClientRect();
    const k = Math.min(6, Math.max(0.05, view.k * factor)), cx = x === undefined ? width / 2 : x - left, cy = y === undefined ? height / 2 : y - top;
    view.x = cx - ((cx - view.x) * k) / view.k;
    view.y = cy - ((cy - view.y) * k) / view.k;
    view.k = k;
    aim();
  }

  function pan(dx, dy) {
    state.views[state.lens].x += dx;
    state.views[state.lens].y += dy;
    aim();
  }

  function show(id) {
    const mark = visibleMark(id);
    if (!mark) return;
    const box = mark.getBoundingClientRect(), room = canvas.getBoundingClientRect();
    const sheet = panel.getBoundingClientRect();  // on a phone the panel lies over the picture
    const bottom = !panel.hidden && sheet.left < room.right && sheet.top > room.top ? sheet.top : room.bottom;
    const needed = (low, high, least, most) => (low >= least && high <= most ? 0 : (least + most - low - high) / 2);
    pan(needed(box.left, box.right, room.left, room.right), needed(box.top, box.bottom, room.top, bottom));
  }

  const touches = new Map();
  let travelled = 0;
  canvas.addEventListener("pointerdown", (event) => {
    touches.set(event.pointerId, event);
    if (touches.size === 1) travelled = 0;
  });
  window.addEventListener("pointermove", (event) => {
    const before = touches.get(event.pointerId);
    if (!before) return;
    const others = [...touches.values()].filter((touch) => touch.pointerId !== event.pointerId);
    touches.set(event.pointerId, event);
    travelled += Math.abs(event.clientX - before.clientX) + Math.abs(event.clientY - before.clientY);
    if (travelled < 4) return;
    canvas.classList.add("moving");
    if (!others.length) return pan(event.clientX - before.clientX, event.clientY - before.clientY);
    const [other] = others, apart = (a) => Math.hypot(a.clientX - other.clientX, a.clientY - other.clientY) || 1;
    zoom(apart(event) / apart(before), other.clientX, other.clientY);
  });
  for (const name of ["pointerup", "pointercancel"]) {
    window.addEventListener(name, (event) => {
      touches.delete(event.pointerId);
      canvas.classList.remove("moving");
    });
  }
  canvas.addEventListener("wheel", (event) => {
    event.preventDefault();
    zoom(Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.0015)), event.clientX, event.clientY);
  }, { passive: false });

  // -- tracing, by the same rules as Lineage.upstream and downstream ------------------------------------------------------

  const inside = (id) => Object.keys(nodes).filter((other) => nodes[other].parent === id);

  function follows(id) {
    if (state.lens === "control" || id === "start" || id === "end") return (kind) => kind === "transition";
    return (kind) => kind !== "transition";
  }

  function reached(id, from, to) {
    const began = [id, ...inside(id)], seen = new Set(began), waiting = began.slice(), wanted = follows(id);
    while (waiting.length) {
      const near = waiting.pop();
      for (const edge of edges) {
        if (edge[from] === near && wanted(edge[2]) && !seen.has(edge[to])) {
          seen.add(edge[to]);
          waiting.push(edge[to]);
        }
      }
    }
    for (const own of began) seen.delete(own);
    return seen;
  }

  const visibleMark = (id) => {
    const found = all(`.box[data-id="${CSS.escape(id)}"]`, picture()).find((mark) => mark.getClientRects().length);
    return found || (nodes[id] && nodes[id].parent ? visibleMark(nodes[id].parent) : null);
  };

  const draw = (name, facts) => {
    const made = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(facts)) made.setAttribute(key, value);
    return made;
  };

  function pin(box, isUp, isDown) {  // a badge: an arrow up for upstream, down for downstream, or both
    const { x, width } = box.querySelector(".shape").getBBox();
    const made = draw("g", { class: "sense", transform: `translate(${x + width - 5} 1)` });
    const heads = `${isUp ? "M-2.5-1.5 0-4 2.5-1.5" : ""}${isDown ? "M-2.5 1.5 0 4 2.5 1.5" : ""}`;
    made.append(draw("circle", { r: 7 }), draw("path", { d: `M0-4V4${heads}` }));
    box.append(made);
  }

  function mark() {
    const svg = picture(), id = state.chosen;
    for (const old of all(".sense", svg)) old.remove();
    for (const name of ["chosen", "upstream", "downstream", "found", "holds", "lit"]) {
      for (const old of all(`.${name}`, svg)) old.classList.remove(name);
    }
    const matches = found();
    svg.classList.toggle("traced", Boolean(id));
    svg.classList.toggle("sought", !id && Boolean(input.value.trim()));
    const add = (ids, name) => ids.forEach((each) => {
      for (const box of all(`.box[data-id="${CSS.escape(each)}"]`, svg)) box.classList.add(name);
      const parent = nodes[each].parent;
      for (const box of parent ? all(`.box[data-id="${CSS.escape(parent)}"]`, svg) : []) box.classList.add("holds");
    });
    add(matches, "found");
    if (!id) return;
    const up = reached(id, 1, 0), down = reached(id, 0, 1);
    const began = new Set([id, ...inside(id)]), wanted = follows(id);
    add([id], "chosen");
    add(inside(id), "holds");
    add([...up], "upstream");
    add([...down], "downstream");
    for (const each of new Set([...up, ...down])) {
      for (const box of all(`.box[data-id="${CSS.escape(each)}"]`, svg)) pin(box, up.has(each), down.has(each));
    }
    const within = (set, each) => set.has(each) || began.has(each);
    for (const line of all("[data-arrow]", svg)) {
      const { source, target, kind } = line.dataset;
      const lit = (within(up, source) && within(up, target)) || (within(down, source) && within(down, target));
      line.classList.toggle("lit", lit && wanted(kind));
    }
  }

  // -- facts ------------------------------------------------------------------------------------------------------------

  const IN = { transition: "Comes from", depends: "Depends on", reads: "Reads", provides: "Is given", writes: "Written by", appends: "Appended by" };
  const OUT = { transition: "Leads to", depends: "Used by", reads: "Read by", provides: "Given to", writes: "Writes", appends: "Appends to" };

  function make(name, text, className) {
    const made = document.createElement(name);
    if (text !== undefined) made.textContent = text;
    if (className) made.className = className;
    return made;
  }

  function list(title, entries) {
    if (!entries.length) return;
    const items = make("ul");
    for (const [id, said] of entries) {
      const item = make("li"), link = make("button", titleOf(id));
      link.type = "button";
      link.addEventListener("click", () => choose(id));
      item.append(link);
      if (said) item.append(make("span", ` ${said}`, "said"));
      items.append(item);
    }
    facts.append(make("h3", title), items);
  }

  function titleOf(id) {
    const { name, kind, parent } = nodes[id];
    return parent && kind === "node" ? `${nodes[parent].name} › ${name}` : name;
  }

  function tell(id) {
    const node = nodes[id], own = new Set([id, ...inside(id)]);
    facts.replaceChildren(make("h2", node.name), make("p", [node.kind, node.type, node.parent && `in ${nodes[node.parent].name}`].filter(Boolean).join(" · "), "kind"));
    if (node.doc) facts.append(make("p", node.doc, "doc"));
    if (node.initial) facts.append(make("p", "Has an initial value.", "said"));
    const tags = Object.entries(node.tags).map(([key, value]) => (value ? `${key}: ${value}` : key));
    if (tags.length) facts.append(make("h3", "Tags"), make("p", tags.join(", "), "said"));
    const grouped = (mine, other, kind) => {
      const entries = edges.filter((edge) => edge[2] === kind && own.has(edge[mine]) && !own.has(edge[other]));
      return [...new Map(entries.map((edge) => [`${edge[other]} ${edge[3]}`, [edge[other], edge[3]]])).values()];
    };
    for (const [kind, title] of Object.entries(IN)) list(title, grouped(1, 0, kind));
    for (const [kind, title] of Object.entries(OUT)) list(title, grouped(0, 1, kind));
    list("Inside", inside(id).map((each) => [each, ""]));
    for (const [title, ids] of [["Everything upstream", reached(id, 1, 0)], ["Everything downstream", reached(id, 0, 1)]]) {
      list(`${title} (${ids.size})`, Object.keys(nodes).filter((each) => ids.has(each)).map((each) => [each, nodes[each].kind]));
    }
  }

  function choose(id) {
    state.chosen = id;
    panel.hidden = !id;
    if (id) tell(id);
    mark();
    if (id) show(id);
  }

  // -- searching -----------------------------------------------------------------------------------------------------------

  function found() {
    const sought = input.value.trim().toLowerCase();
    const drawn = new Set(all(".box[data-id]", picture()).map((box) => box.dataset.id));
    return sought ? Object.keys(nodes).filter((id) => drawn.has(id) && nodes[id].name.toLowerCase().includes(sought)) : [];
  }

  input.addEventListener("input", () => {
    state.match = -1;
    count.textContent = input.value.trim() ? `${found().length} found` : "";
    choose(null);
  });
  document.getElementById("search").addEventListener("submit", (event) => {
    event.preventDefault();
    const matches = found();
    if (!matches.length) return;
    state.match = (state.match + 1) % matches.length;
    count.textContent = `${state.match + 1} of ${matches.length}`;
    choose(matches[state.match]);
  });

  // -- controls ------------------------------------------------------------------------------------------------------------

  function look(lens) {
    state.lens = lens;
    for (const svg of all("svg[data-lens]")) svg.style.display = svg.dataset.lens === lens ? "block" : "none";
    for (const button of all("button[data-lens]")) button.setAttribute("aria-pressed", String(button.dataset.lens === lens));
    redraw();
    if (state.chosen && !visibleMark(state.chosen)) choose(null);
    else if (state.chosen) tell(state.chosen);
    if (!state.views[lens]) fit();
    const foldable = plan().cells.some((cell) => cell.shut);
    document.querySelector('[data-do="fold"]').disabled = !foldable;
  }

  function foldAll() {
    const ids = plan().cells.filter((cell) => cell.shut).map((cell) => cell.id);
    state.collapsed = new Set(ids.some((id) => !state.collapsed.has(id)) ? ids : []);
    redraw();
    fit();
  }

  function switchTheme() {
    const root = document.documentElement;
    const isDark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = isDark ? "light" : "dark";
  }

  const actions = { fold: foldAll, in: () => zoom(1.25), out: () => zoom(0.8), fit, theme: switchTheme, close: () => choose(null) };
  for (const button of all("button[data-do]")) button.addEventListener("click", () => actions[button.dataset.do]());
  for (const button of all("button[data-lens]")) button.addEventListener("click", () => look(button.dataset.lens));

  function press(target) {
    const folder = target.closest("[data-fold]"), box = target.closest(".box[data-id]");
    if (folder) fold(folder.dataset.fold);
    else if (box && target.matches(".container > text, .container > text *")) fold(box.dataset.id);
    else choose(box && box.dataset.id !== state.chosen ? box.dataset.id : null);
  }

  canvas.addEventListener("click", (event) => { if (travelled < 4) press(event.target); });

  const STEPS = { ArrowLeft: [60, 0], ArrowRight: [-60, 0], ArrowUp: [0, 60], ArrowDown: [0, -60] };
  const KEYS = { "+": actions.in, "=": actions.in, "-": actions.out, 0: fit, c: foldAll, t: switchTheme, Escape: actions.close };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target === input) {
      if (event.key === "Escape") { input.value = ""; count.textContent = ""; choose(null); canvas.focus(); }
      return;
    }
    const mark = event.target.closest("[data-id], [data-fold]");
    if (mark && (event.key === "Enter" || event.key === " ")) {
      event.preventDefault();
      const id = mark.dataset.fold || mark.dataset.id;
      if (event.key === " " || mark.dataset.fold) {
        fold(id);
        const again = all(`[data-fold="${CSS.escape(id)}"]`, picture()).find((found) => found.getClientRects().length);
        if (again) again.focus();
      } else choose(id === state.chosen ? null : id);
    } else if (event.key === "/") {
      event.preventDefault();
      input.focus();
    } else if (STEPS[event.key] && canvas.contains(event.target)) {
      event.preventDefault();
      pan(...STEPS[event.key]);
    } else if (KEYS[event.key]) KEYS[event.key]();
  });

  if (matchMedia("(max-width: 640px)").matches) document.getElementById("legend").open = false;
  look("unified");
  let resized;
  window.addEventListener("resize", () => { clearTimeout(resized); resized = setTimeout(fit, 100); });
})();
