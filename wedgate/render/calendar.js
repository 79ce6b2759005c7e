// The grid under the arrow keys, and the panel that says what a date holds. Without it, titles say the same.
"use strict";
(() => {
  const panel = document.getElementById("detail");

  const tell = (cell) => {
    const [head, ...lines] = cell.dataset.says.split("\n");
    const title = document.createElement("strong");
    const list = document.createElement("ul");
    title.textContent = head;
    for (const line of lines) list.appendChild(document.createElement("li")).textContent = line;
    panel.replaceChildren(title, list);
  };

  // Each row as [column, cell] pairs; a gap spans several columns, and only titled cells are dates.
  const datesOf = (row) => {
    const dates = [];
    let column = 0;
    for (const cell of row.querySelectorAll("td")) {
      if (cell.title) dates.push({ column, cell });
      column += cell.colSpan;
    }
    return dates;
  };

  for (const table of document.querySelectorAll("table.year")) {
    const rows = [];
    const places = new Map();
    const markets = table.tBodies[0].rows.length;
    for (const body of table.tBodies) {
      for (const row of body.rows) {
        datesOf(row).forEach((date, index) => places.set(date.cell, { row: rows.length, index, column: date.column }));
        rows.push(datesOf(row));
      }
    }
    for (const cell of places.keys()) {
      cell.dataset.says = cell.title;
      cell.removeAttribute("title");
      cell.tabIndex = -1;
    }
    let current = rows[0][0].cell;
    current.tabIndex = 0;

    const across = (row, column) => rows[row]?.find((date) => date.column === column)?.cell;
    const inMonth = (row, index) => rows[row]?.[Math.min(index, rows[row].length - 1)]?.cell;
    // Up and down look for a date in the same column, over months that have none there.
    const along = (row, column, step) => {
      for (let next = row + step; next >= 0 && next < rows.length; next += step) {
        if (across(next, column)) return across(next, column);
      }
      return undefined;
    };
    const targets = {
      ArrowRight: ({ row, index }) => rows[row][index + 1]?.cell ?? rows[row + markets]?.[0]?.cell,
      ArrowLeft: ({ row, index }) => rows[row][index - 1]?.cell ?? rows[row - markets]?.at(-1)?.cell,
      ArrowDown: ({ row, column }) => along(row, column, 1),
      ArrowUp: ({ row, column }) => along(row, column, -1),
      PageDown: ({ row, index }) => inMonth(row + markets, index),
      PageUp: ({ row, index }) => inMonth(row - markets, index),
      Home: ({ row }, all) => rows[all ? 0 : row][0].cell,
      End: ({ row }, all) => rows[all ? rows.length - 1 : row].at(-1).cell,
    };

    table.addEventListener("keydown", (event) => {
      if (event.key === "Escape") return panel.replaceChildren();
      const place = places.get(event.target);
      const target = targets[event.key];
      if (!place || !target || event.altKey || event.metaKey) return;
      event.preventDefault();
      target(place, event.ctrlKey)?.focus();
    });
    table.addEventListener("focusin", (event) => {
      if (!places.has(event.target)) return;
      current.tabIndex = -1;
      current = event.target;
      current.tabIndex = 0;
      tell(current);
    });
    table.addEventListener("mouseover", (event) => {
      const cell = event.target.closest("td");
      if (places.has(cell)) tell(cell);
    });
    table.addEventListener("click", (event) => event.target.closest("td[tabindex]")?.focus());
  }
})();
