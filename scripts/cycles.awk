# Finds files of one module that name each other's types, for scripts/check_cycles.sh. A file's edges go to the files
# that declare, outside any braces, a type that it names. Comments, strings and regular expressions do not count.
# Prints a line "MODULE: A.swift B.swift" for every largest group of files that reach each other.

FNR == 1 { begin_file() }

{ scan($0) }

END {
  for (use in uses) {
    split(use, part, SUBSEP)
    from = part[1]
    target = owner[module[from], part[2]]
    if (target != "" && target != from && !((from, part[2]) in declared)) {
      next_of[from, ++degree[from]] = target
      why[from, target] = why[from, target] " " part[2]
    }
  }
  for (number = 1; number <= files; number++) if (!(order[number] in index_of)) visit(order[number])
}

function begin_file(    part, count, number) {
  count = split(FILENAME, part, "/")
  file = FILENAME
  for (number = 1; number < count; number++) if (part[number] == "Sources") module[file] = part[number + 1]
  order[++files] = file
  depth = comment = quotes = hashes = levels = 0
  before = keyword = access = ""
}

# One line: takes words out of code. `comment` is the depth of /* */; `quotes` is 0, or 1 or 3 inside a string; `levels`
# are the strings around an interpolation, of which `outer*` remember the quotes, # signs and open parentheses.
function scan(line,    text, word, mark) {
  text = line
  while (text != "") {
    if (comment) text = skip_comment(text)
    else if (quotes) text = skip_string(text)
    else if (match(text, /^[ \t]+/)) text = substr(text, RLENGTH + 1)
    else if (match(text, /^[A-Za-z_][A-Za-z_0-9]*/)) {
      word = substr(text, 1, RLENGTH)
      text = substr(text, RLENGTH + 1)
      take(word)
      before = "word"
    } else if (substr(text, 1, 2) == "//") return
    else if (substr(text, 1, 2) == "/*") { comment = 1; text = substr(text, 3) }
    else if (match(text, /^#+\//) && match(text, /\/#+/)) text = substr(text, RSTART + RLENGTH)
    else if (before ~ /^[(,=:{[]$/ && match(text, /^\/[^ \/*]([^\/\\]|\\.)*\//)) text = substr(text, RLENGTH + 1)
    else if (match(text, /^#*"/)) {
      hashes = RLENGTH - 1
      text = substr(text, RLENGTH)
      quotes = substr(text, 1, 3) == "\"\"\"" ? 3 : 1
      text = substr(text, quotes + 1)
    } else {
      mark = substr(text, 1, 1)
      text = substr(text, 2)
      before = mark
      if (mark == "{") depth++
      else if (mark == "}") { depth--; access = "" }
      else if (mark == "(" && levels) parentheses++
      else if (mark == ")" && levels && parentheses-- == 0) {
        quotes = outer_quotes[levels]
        hashes = outer_hashes[levels]
        parentheses = outer_parentheses[levels--]
      }
    }
  }
  if (quotes == 1) quotes = 0
}

function skip_comment(text) {
  if (!match(text, /\*\/|\/\*/)) return ""
  comment += substr(text, RSTART, 2) == "/*" ? 1 : -1
  return substr(text, RSTART + 2)
}

function skip_string(text,    close_mark, escape, at) {
  close_mark = (quotes == 3 ? "\"\"\"" : "\"") substr("##########", 1, hashes)
  escape = "\\" substr("##########", 1, hashes)
  while (text != "") {
    if (substr(text, 1, length(close_mark)) == close_mark) {
      at = length(close_mark)
      quotes = 0
      before = "\""
      return substr(text, at + 1)
    }
    if (substr(text, 1, length(escape)) == escape) {
      text = substr(text, length(escape) + 1)
      if (substr(text, 1, 1) == "(") {
        outer_quotes[++levels] = quotes
        outer_hashes[levels] = hashes
        outer_parentheses[levels] = parentheses
        parentheses = quotes = 0
        before = "("
        return substr(text, 2)
      }
    }
    text = match(text, /^[^"\\]+/) ? substr(text, RLENGTH + 1) : substr(text, 2)
  }
  return ""
}

# A word of code: a declaration's keyword, the name after it, or a use.
function take(word) {
  if (before == ".") { keyword = ""; return }
  if (keyword != "") {
    if (word !~ /^[A-Z]/) { keyword = ""; return }
    declared[file, word] = 1
    if (depth == 0 && access == "" ) owner[module[file], word] = file
    keyword = access = ""
    return
  }
  if (word ~ /^(struct|class|enum|actor|protocol|typealias)$/) keyword = word
  else if (word ~ /^(private|fileprivate)$/) access = depth == 0 ? word : ""
  else if (word ~ /^(extension|func|var|let|import)$/) access = ""
  else if (word ~ /^[A-Z]/) uses[file, word] = 1
}

# Tarjan: files in one strongly connected group leave the stack together.
function visit(node,    edge, target, group, count, member) {
  index_of[node] = low[node] = ++visited
  stack[++height] = node
  on_stack[node] = 1
  for (edge = 1; edge <= degree[node]; edge++) {
    target = next_of[node, edge]
    if (!(target in index_of)) {
      visit(target)
      if (low[target] < low[node]) low[node] = low[target]
    } else if (on_stack[target] && index_of[target] < low[node]) low[node] = index_of[target]
  }
  if (low[node] != index_of[node]) return
  count = 0
  do {
    member = stack[height--]
    on_stack[member] = 0
    in_group[++count] = member
  } while (member != node)
  if (count > 1) report(count)
}

function report(count,    at, other, name, text) {
  for (at = 2; at <= count; at++) {
    name = in_group[at]
    for (other = at - 1; other > 0 && base(in_group[other]) > base(name); other--) in_group[other + 1] = in_group[other]
    in_group[other + 1] = name
  }
  text = module[in_group[1]] ":"
  for (at = 1; at <= count; at++) text = text " " base(in_group[at])
  print text
  if (!explain) return
  for (at = 1; at <= count; at++) for (other = 1; other <= count; other++)
    if ((in_group[at], in_group[other]) in why)
      print "  " base(in_group[at]) " names" why[in_group[at], in_group[other]] " of " base(in_group[other])
}

function base(path) {
  sub(/.*\//, "", path)
  return path
}
