/// An expression: a value, or how to compute one.
indirect enum JinjaExpression {
  case value(JinjaValue)
  case name(String)
  case list([JinjaExpression])
  case member(JinjaExpression, JinjaExpression)
  case slice(JinjaExpression, from: JinjaExpression?, to: JinjaExpression?)
  case call(JinjaExpression, [JinjaExpression], named: [(name: String, value: JinjaExpression)])
  case filter(JinjaExpression, String, [JinjaExpression])
  case test(JinjaExpression, String, isNegated: Bool)
  case not(JinjaExpression)
  case binary(String, JinjaExpression, JinjaExpression)
  case either(JinjaExpression, condition: JinjaExpression, JinjaExpression)
}
