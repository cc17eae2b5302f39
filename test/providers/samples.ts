/** One conversation with everything in it, and short answers of the vendors. */

export const weather = {
  type: 'function',
  function: {
    name: 'weather',
    description: 'Tells the weather',
    parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
  },
}
export const conversation = {
  model: 'alias',
  max_completion_tokens: 300,
  temperature: 0.2,
  stop: ['END'],
  tools: [weather],
  tool_choice: 'required',
  messages: [
    { role: 'developer', content: 'Be brief.' },
    {
      role: 'user',
      content: [
        { type: 'text', text: 'What is it like here?' },
        { type: 'image_url', image_url: { url: 'data:image/png;base64,iVBORw0KGgo=' } },
        { type: 'image_url', image_url: { url: 'https://images.test/here.webp', detail: 'low' } },
      ],
    },
    {
      role: 'assistant',
      content: null,
      tool_calls: [
        { id: 'call_1', type: 'function', function: { name: 'weather', arguments: '{"city":"Rome"}' } },
        { id: 'call_2', type: 'function', function: { name: 'weather', arguments: '{"city":"Oslo"}' } },
      ],
    },
    { role: 'tool', tool_call_id: 'call_1', content: '{"sky":"blue"}' },
    { role: 'tool', tool_call_id: 'call_2', content: 'grey' },
  ],
}

export const anthropicAnswer = {
  type: 'message',
  id: 'msg_1',
  model: 'claude-sonnet-4-5',
  role: 'assistant',
  content: [{ type: 'text', text: 'Fine.' }],
  stop_reason: 'end_turn',
  usage: { input_tokens: 10, cache_read_input_tokens: 70, cache_creation_input_tokens: 20, output_tokens: 5 },
}
export const googleAnswer = {
  candidates: [{ content: { role: 'model', parts: [{ text: 'Fine.' }] }, finishReason: 'STOP' }],
  usageMetadata: { promptTokenCount: 100, cachedContentTokenCount: 70, candidatesTokenCount: 5, totalTokenCount: 105 },
  responseId: 'resp_1',
}
