/// The page's elements. What stands in braces is filled in.
enum PageMarkup {
  static let text = """
    <!DOCTYPE html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width,initial-scale=1">
    <title>vlmprune</title>
    <link rel="icon" href="data:,">
    <style>{style}</style>
    </head>
    <body>
    <header>
    <h1>vlmprune</h1>
    <p id="model" class="soft">Ask about a picture, with as many of its visual tokens as you like.</p>
    </header>
    <main>
    <form id="form">
    <div id="drop" class="drop">
    <label for="picture">Picture</label>
    <input id="picture" type="file" accept="image/png,image/jpeg">
    <p class="soft">PNG or JPEG; you can drop one here.</p>
    </div>
    <div class="field wide">
    <label for="question">Question</label>
    <input id="question" type="text" autocomplete="off" placeholder="What is in the picture?">
    </div>
    <div class="field">
    <label for="budget">Visual tokens to keep: <output id="share" for="budget">25 %</output></label>
    <input id="budget" type="range" min="1" max="100" value="25">
    </div>
    <div class="field">
    <label for="strategy">Strategy</label>
    <select id="strategy">{strategies}</select>
    </div>
    <div class="field check">
    <input id="dense" type="checkbox" checked>
    <label for="dense">Ask with all tokens too</label>
    </div>
    <details class="field wide" id="keys">
    <summary>Key</summary>
    <label for="key">API key, where the server wants one</label>
    <input id="key" type="password" autocomplete="off">
    </details>
    <div class="field wide"><button id="ask" type="submit">Ask</button>
    <span id="state" class="soft" role="status"></span></div>
    </form>
    <p id="error" class="error" role="alert" hidden></p>
    <div id="answers" class="answers">
    <section id="pruned" aria-labelledby="pruned-title" hidden>
    <h2 id="pruned-title">Pruned</h2>
    <p class="text" aria-live="polite"></p>
    <p class="kept"></p>
    <div class="pictures"></div>
    <table><caption>Tokens and time</caption><tbody></tbody></table>
    </section>
    <section id="all" aria-labelledby="all-title" hidden>
    <h2 id="all-title">All tokens</h2>
    <p class="text" aria-live="polite"></p>
    <p class="kept"></p>
    <div class="pictures"></div>
    <table><caption>Tokens and time</caption><tbody></tbody></table>
    </section>
    </div>
    </main>
    <script>{program}</script>
    </body>
    </html>

    """
}
