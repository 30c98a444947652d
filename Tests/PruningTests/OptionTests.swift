import Testing

@testable import Pruning

@Suite struct `Options of strategies` {
  @Test(arguments: StrategyCatalogue.standard.names)
  func `What a strategy declares is what it reads, by the error that names its options`(name: String) throws {
    let declared =
      StrategyCatalogue.standard.strategies.first { $0.name == name }?.options.map(\.name) ?? []
    #expect(throws: PruningError.unknownOption("nonsense", strategy: name, valid: declared)) {
      try StrategyCatalogue.standard.make(parsing: "\(name)(nonsense=1)")
    }
  }

  @Test(arguments: StrategyCatalogue.standard.names)
  func `The canonical spec spells out declared options, in order, and means the same`(name: String) throws {
    let type = try #require(StrategyCatalogue.standard.strategies.first { $0.name == name })
    let tower = Samples.tower().description
    let spec = try StrategyCatalogue.standard.make(parsing: name).resolved(on: tower)
    let spelled = spec.options.map(\.name)
    // An option that the budget decides is not spelled out.
    #expect(spelled == type.options.map(\.name).filter { spelled.contains($0) })
    #expect(try StrategyCatalogue.standard.make(parsing: spec.description).resolved(on: tower) == spec)
    for option in type.options {
      #expect(!option.summary.isEmpty && !option.range.isEmpty && !option.standard.isEmpty, "\(option.name)")
      if let value = spec.options.first(where: { $0.name == option.name })?.value, Double(option.standard) != nil {
        #expect(value == option.standard, "\(option.name)")
      }
    }
  }

  @Test(arguments: [
    ("scope(alpha=-1)", "a number from 0 to 100"), ("scope(combine=sum)", "multiply or add"),
    ("prumerge(neighbours=1.5)", "a whole number from 0 to 65536"),
    ("prumerge(neighbours=-1)", "a whole number from 0 to 65536"),
    ("cen-prune(standardize=yes)", "true or false"), ("fastervlm(layer=+1)", "the number of a block"),
    ("dart(image_pivots=0, text_pivots=0)", "at least 1 without text_pivots"),
  ])
  func `A value out of range is refused with the range`(spec: String, expected: String) throws {
    do {
      _ = try StrategyCatalogue.standard.make(parsing: spec)
      Issue.record("\(spec) is taken")
    } catch PruningError.invalidOption(_, _, _, let found) {
      #expect(found == expected)
    }
  }
}
