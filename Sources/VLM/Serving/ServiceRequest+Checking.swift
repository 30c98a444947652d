extension VisionLanguageModel {
  /// Refuses what can be seen to be impossible before a request is queued: a prompt that the template cannot write, a
  /// text that fills the context, a budget that a picture has not.
  public func check(_ request: ServiceRequest) throws(VLMError) {
    for turn in request.turns {
      for text in [turn.question, turn.answer ?? ""] { try refusePlaceholders(in: text) }
    }
    _ = try promptTokens(try prompt(turns: request.turns, system: request.system), pictures: request.pictures)
    for picture in request.pictures { _ = try evidence(for: request.setting, of: picture) }
  }
}
