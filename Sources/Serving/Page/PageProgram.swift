/// The page's program.
enum PageProgram {
  static let text = #"""
    "use strict";
    const $ = (id) => document.getElementById(id);
    let picture = null;

    function headers() {
      const key = $("key").value.trim();
      return key ? {"Authorization": "Bearer " + key} : {};
    }

    function show(message) {
      $("error").textContent = message;
      $("error").hidden = !message;
    }

    function take(file) {
      picture = null;
      if (!file) return;
      const reader = new FileReader();
      reader.onload = () => { picture = reader.result; };
      reader.onerror = () => show("The picture cannot be read.");
      reader.readAsDataURL(file);
    }

    $("picture").addEventListener("change", () => take($("picture").files[0]));
    $("budget").addEventListener("input", () => { $("share").textContent = $("budget").value + " %"; });
    for (const name of ["dragenter", "dragover"]) {
      $("drop").addEventListener(name, (event) => { event.preventDefault(); $("drop").classList.add("over"); });
    }
    for (const name of ["dragleave", "drop"]) {
      $("drop").addEventListener(name, () => $("drop").classList.remove("over"));
    }
    $("drop").addEventListener("drop", (event) => {
      event.preventDefault();
      if (!event.dataTransfer.files.length) return;
      $("picture").files = event.dataTransfer.files;
      take($("picture").files[0]);
    });

    function body(question, prune) {
      return JSON.stringify({
        messages: [{role: "user", content: [
          {type: "image_url", image_url: {url: picture}}, {type: "text", text: question}]}],
        temperature: 0, stream: true, stream_options: {include_usage: true},
        prune: Object.assign({return_kept: true}, prune),
      });
    }

    async function explain(response) {
      try { return (await response.json()).error.message; } catch { return "The server answered " + response.status; }
    }

    async function ask(question, prune, section) {
      const text = section.querySelector(".text");
      section.querySelector(".kept").textContent = "";
      section.querySelector("tbody").replaceChildren();
      section.querySelector(".pictures").replaceChildren();
      text.textContent = "";
      section.hidden = false;
      const start = performance.now();
      const response = await fetch("v1/chat/completions", {
        method: "POST", headers: Object.assign({"Content-Type": "application/json"}, headers()),
        body: body(question, prune)});
      if (response.status === 401) $("keys").open = true;
      if (!response.ok) throw new Error(await explain(response));
      const result = {first: 0, usage: null, pruning: null};
      for await (const chunk of chunks(response)) {
        if (chunk.error) throw new Error(chunk.error.message);
        const delta = chunk.choices.length ? chunk.choices[0].delta : {};
        if (delta.content) {
          result.first = result.first || performance.now() - start;
          text.textContent += delta.content;
        }
        result.pruning = chunk.vlmprune || result.pruning;
        result.usage = chunk.usage || result.usage;
      }
      if (!result.pruning) throw new Error("The answer broke off.");
      result.first = result.first || performance.now() - start;
      await report(section, result);
    }

    async function* chunks(response) {
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      let rest = "";
      for (;;) {
        const {value, done} = await reader.read();
        if (done) return;
        rest += value;
        const lines = rest.split("\n");
        rest = lines.pop();
        for (const line of lines) {
          if (line.startsWith("data: {")) yield JSON.parse(line.slice(6));
        }
      }
    }

    async function report(section, result) {
      const pruning = result.pruning;
      section.querySelector(".kept").textContent =
        "kept " + pruning.visual_kept + " of " + pruning.visual_total + " visual tokens";
      const ms = (value) => value.toFixed(1) + " ms";
      const rows = [["Strategy", pruning.strategy.split("(")[0]], ["Prompt", result.usage.prompt_tokens + " tokens"],
        ["Answer", result.usage.completion_tokens + " tokens"],
        ["From cache", result.usage.prompt_tokens_details.cached_tokens + " tokens"],
        ["Encode", ms(pruning.encode_ms)], ["Prune", ms(pruning.prune_ms)], ["Prefill", ms(pruning.prefill_ms)],
        ["Decode", ms(pruning.decode_ms)], ["First token", ms(result.first)]];
      for (const [name, value] of rows) {
        const row = section.querySelector("tbody").insertRow();
        const head = document.createElement("th");
        head.scope = "row";
        head.textContent = name;
        row.append(head);
        row.insertCell().textContent = value;
      }
      for (const kept of pruning.images || []) section.querySelector(".pictures").append(await draw(kept));
    }

    async function draw(kept) {
      const image = new Image();
      image.src = picture;
      await image.decode();
      const [width, height] = kept.size;
      const scale = Math.max(1, 640 / Math.max(width, height));
      const canvas = document.createElement("canvas");
      canvas.width = Math.min(Math.round(width * scale), 1600);
      canvas.height = Math.max(1, Math.round(canvas.width * height / width));
      const count = kept.views.reduce((sum, view) => sum + view.kept.length, 0);
      canvas.setAttribute("role", "img");
      canvas.setAttribute("aria-label", "The picture with the " + count + " kept patches bright, the others dark");
      const context = canvas.getContext("2d");
      const [x, y] = [canvas.width / width, canvas.height / height];
      context.drawImage(image, 0, 0, canvas.width, canvas.height);
      context.fillStyle = "rgba(10,12,16,.72)";
      context.fillRect(0, 0, canvas.width, canvas.height);
      const cells = kept.views.flatMap((view) => view.kept.map((patch) => {
        const [rows, columns] = view.grid;
        const [left, top, wide, high] = view.region;
        return [(left + (patch % columns) * wide / columns) * x, (top + Math.floor(patch / columns) * high / rows) * y,
          wide / columns * x, high / rows * y];
      }));
      context.save();
      context.beginPath();
      for (const cell of cells) context.rect(...cell);
      context.clip();
      context.drawImage(image, 0, 0, canvas.width, canvas.height);
      context.restore();
      context.strokeStyle = "rgba(255,176,32,.9)";
      context.lineWidth = Math.max(1, canvas.width / 480);
      for (const cell of cells) context.strokeRect(...cell);
      return canvas;
    }

    $("form").addEventListener("submit", async (event) => {
      event.preventDefault();
      show("");
      const question = $("question").value.trim() || $("question").placeholder;
      if (!picture) return show("Choose a picture first.");
      $("ask").disabled = true;
      $("all").hidden = true;
      $("state").textContent = "Asking …";
      try {
        const keep = $("budget").value === "100" ? "all" : $("budget").value + "%";
        await ask(question, {strategy: $("strategy").value, keep}, $("pruned"));
        if ($("dense").checked) await ask(question, {strategy: "none", keep: "all"}, $("all"));
      } catch (error) {
        show(error.message);
      }
      $("ask").disabled = false;
      $("state").textContent = "";
    });
    """#
}
