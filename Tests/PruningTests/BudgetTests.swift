import Testing

@testable import Pruning

@Suite struct `Budgets` {
  @Test(
    arguments: [
      ("all", .all), ("100%", .all), ("1.0", .all), ("100.0%", .all), ("1", .count(1)), ("128", .count(128)),
      ("007", .count(7)), ("25%", .ratio(0.25)), ("0.25", .ratio(0.25)), ("33.3%", .ratio(0.333)),
      ("29%", .ratio(0.29)),
      ("0.5%", .ratio(0.005)),
    ] as [(String, Budget)])
  func `a budget is read`(text: String, budget: Budget) throws { #expect(try Budget(parsing: text) == budget) }

  @Test(
    arguments: [
      ("", .malformedBudget("")), ("abc", .malformedBudget("abc")), ("nan", .malformedBudget("nan")),
      ("inf", .malformedBudget("inf")), ("%", .malformedBudget("%")), (".5", .malformedBudget(".5")),
      ("5.", .malformedBudget("5.")), ("1.2.3", .malformedBudget("1.2.3")), ("1e2", .malformedBudget("1e2")),
      ("0x10", .malformedBudget("0x10")), ("+5", .malformedBudget("+5")), (" 5", .malformedBudget(" 5")),
      ("5 %", .malformedBudget("5 %")), ("25%%", .malformedBudget("25%%")), ("ALL", .malformedBudget("ALL")),
      ("--5", .malformedBudget("--5")), ("٣", .malformedBudget("٣")), ("0", .budgetNotPositive("0")),
      ("0%", .budgetNotPositive("0%")), ("0.0", .budgetNotPositive("0.0")), ("-3", .budgetNotPositive("-3")),
      ("-25%", .budgetNotPositive("-25%")), ("-0.5", .budgetNotPositive("-0.5")),
      ("120%", .budgetAboveEverything("120%")), ("100.1%", .budgetAboveEverything("100.1%")),
      ("1.5", .budgetAboveEverything("1.5")),
      ("99999999999999999999", .budgetAboveEverything("99999999999999999999")),
    ] as [(String, PruningError)])
  func `an impossible budget is refused`(text: String, error: PruningError) {
    #expect(throws: error) { try Budget(parsing: text) }
  }

  /// One spelling for a budget, so that two spellings make one row of a table; it is read as the same double.
  @Test(arguments: [
    ("all", "all"), ("100%", "all"), ("1.0", "all"), ("128", "128"), ("25%", "25%"), ("0.25", "25%"), ("0.250", "25%"),
    ("0.5%", "0.5%"), ("0.005", "0.5%"), ("0.07", "7%"), ("0.29", "29%"), ("33.3%", "33.3%"), ("0.333", "33.3%"),
    ("0.1234567", "12.34567%"),
  ])
  func `a budget has one spelling`(text: String, spelled: String) throws {
    let budget = try Budget(parsing: text)
    #expect(budget.description == spelled)
    #expect(try Budget(parsing: budget.description) == budget)
  }

  @Test func `everything is recognised`() {
    #expect(Budget.all.isEverything(of: 576))
    #expect(Budget.count(576).isEverything(of: 576))
    #expect(!Budget.count(575).isEverything(of: 576))
    #expect(!Budget.ratio(0.9999).isEverything(of: 576))
  }

  @Test func `a budget is checked against the image`() throws {
    #expect(try Budget.count(576).validated(for: 576) == .count(576))
    #expect(throws: PruningError.budgetExceedsTotal(count: 577, total: 576)) {
      try Budget.count(577).validated(for: 576)
    }
    #expect(throws: PruningError.budgetNotPositive("0")) { try Budget.count(0).validated(for: 576) }
    #expect(throws: PruningError.budgetNotPositive("-10%")) { try Budget.ratio(-0.1).validated(for: 576) }
    #expect(throws: PruningError.budgetAboveEverything("150%")) { try Budget.ratio(1.5).validated(for: 576) }
    #expect(throws: PruningError.malformedBudget("nan")) { try Budget.ratio(.nan).validated(for: 576) }
  }

  @Test(arguments: [
    (Budget.count(323), 4, 576, 80), (.count(5), 5, 576, 1), (.count(2880), 5, 576, 576), (.ratio(0.25), 5, 576, 144),
    (.ratio(0.334), 1, 80, 26), (.ratio(0.29), 1, 100, 28), (.all, 3, 10, 10),
  ])
  func `A count is divided among views, a ratio taken of each: fractions are dropped`(
    budget: Budget, views: Int, tokens: Int, share: Int
  ) throws {
    #expect(try budget.shares(of: [Int](repeating: tokens, count: views)) == [Int](repeating: share, count: views))
  }

  @Test(arguments: [(0.334, 80, 27), (0.25, 10, 2), (0.35, 10, 4), (0.75, 10, 8)])
  func `Rounding goes half to even where a method rounds`(ratio: Double, tokens: Int, share: Int) throws {
    #expect(try Budget.ratio(ratio).shares(of: [tokens], rounding: .toNearestOrEven) == [share])
  }

  @Test(arguments: [Budget.count(4), .ratio(0.001)])
  func `a share of nothing names the smallest budget`(budget: Budget) throws {
    let error = PruningError.budgetTooSmall(budget, smallest: 5, views: 5)
    #expect(throws: error) { try budget.shares(of: [Int](repeating: 576, count: 5)) }
    #expect(error.hint == "the smallest budget here is 5 visual tokens")
    #expect(try Budget.count(5).shares(of: [Int](repeating: 576, count: 5)) == [1, 1, 1, 1, 1])
  }

  @Test func `views of different sizes share by their sizes`() throws {
    #expect(try Budget.count(30).shares(of: [100, 50, 10]) == [18, 9, 1])
    #expect(try Budget.ratio(0.25).shares(of: [100, 50, 10]) == [25, 12, 2])
    // 16 tokens give the smallest view its first one, 15 do not.
    #expect(try Budget.count(16).shares(of: [100, 50, 10]) == [10, 5, 1])
    #expect(throws: PruningError.budgetTooSmall(.count(15), smallest: 16, views: 3)) {
      try Budget.count(15).shares(of: [100, 50, 10])
    }
  }

  @Test func `a ratio is count divided by total`() {
    #expect(Budget.count(144).keepRatio(of: 576) == 0.25)
    #expect(Budget.ratio(0.3).keepRatio(of: 576) == 0.3)
    #expect(Budget.all.keepRatio(of: 576) == 1)
  }
}
