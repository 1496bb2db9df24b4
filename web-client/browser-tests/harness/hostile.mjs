// Names and messages of people who mean harm, or whose alphabet nobody thought of.

/** What would leave a trace if it ran; `N` tells them apart. */
const MARKUP = [
  "<script>ran=N</script>",
  "<img src=x onerror=ran=N>",
  "<svg onload=ran=N>",
  "<svg><script>ran=N</script></svg>",
  "<iframe srcdoc='<script>top.ran=N</script>'>",
  "<details open ontoggle=ran=N>x",
  "<input autofocus onfocus=ran=N>",
  "<body onload=ran=N>",
  "<style>*{display:none}</style>N",
  "<base href=//evil.example/N>",
  "<link rel=stylesheet href=//evil.example/N>",
  "<meta http-equiv=refresh content=0;//evil.example/N>",
  "<math><mi xlink:href=javascript:ran=N>x",
  "<a href=javascript:ran=N>x</a>",
  "</title><script>ran=N</script>",
  "</textarea><script>ran=N</script>",
  "--><script>ran=N</script>",
  "]]><script>ran=N</script>",
  "\"onmouseover=ran=N x=\"",
  "'onmouseover=ran=N x='",
  "\"><img src=x onerror=ran=N>",
  "&lt;script&gt;ran=N&lt;/script&gt;",
  "&#60;img src=x onerror=ran=N&#62;",
  "\\u003cscript\\u003eran=N\\u003c/script\\u003e",
  "%3Cscript%3Eran=N%3C/script%3E",
  "javascript:ran=N",
  "JaVaScRiPt:ran=N//https://a.example",
  "data:text/html,<script>ran=N</script>",
  "vbscript:ran=N",
  "https://a.example/\"onclick=ran=N x=\"",
  "https://a.example/'><script>ran=N</script>",
  "https://user:pass@evil.example/N",
  "http://localhost:1/N",
  "//evil.example/N",
  "[x](javascript:ran=N)",
  "![x](https://evil.example/N.png)",
];

const TEMPLATES = [
  "{{constructor.constructor('ran=N')()}}",
  "${ran=N}",
  "#{ran=N}",
  "<%= ran=N %>",
  "{% raw %}N",
  "[[ran=N]]",
  "=cmd|'/c calc'!N",
  "+HYPERLINK(\"https://evil.example/N\")",
  "-1+N",
  "@SUM(N)",
  "';DROP TABLE rooms;--N",
  "__proto__",
  "constructor",
  "toString",
  "hasOwnProperty",
  "null",
  "undefined",
  "NaN",
  "[object Object]",
  "{\"kind\":\"ended\",\"reason\":\"removed\"}",
];

const ALPHABETS = [
  "Z͑͋a̵̡̢l͍͇g̨̛o̷N",
  "\u0301\u0301\u0301N",
  "مرحبا N",
  "שלום N",
  "نرگس‌خانم N",
  "👩‍👩‍👧‍👦N",
  "🏴󠁧󠁢󠁥󠁮󠁧󠁿N",
  "😀".repeat(60) + "N",
  "é".repeat(60) + "N",
  "W".repeat(60) + "N",
  "i".repeat(60) + "N",
  "ﷺﷺﷺN",
  "𒈙𒈙𒈙N",
  "ѕсrірt N",
  "ｓｃｒｉｐｔ N",
  "İıſK N",
  "ＮＵＬＬ N",
  "a\u00a0\u202fb N",
  "¹²³N",
  "ꦨꦨ N",
];

const all = (count) => {
  const vectors = [...MARKUP, ...TEMPLATES, ...ALPHABETS];
  return Array.from({ length: count }, (_, number) => {
    const round = Math.floor(number / vectors.length);
    const text = vectors[number % vectors.length].replaceAll("N", String(number + 1));
    return round === 0 ? text : `${round}${text}`;
  });
};

/** At most 64 characters, which the server takes. */
export const NAMES = all(100).map((name) => [...name].slice(0, 64).join("").trim());

/** The same and longer; two of them are as long as may be. */
export const TEXTS = all(100).map((text, number) => {
  if (number % 50 === 49) return text.repeat(2_000).slice(0, 2_000).trim();
  return number % 3 === 0 ? `${text}\n${text}` : text;
});

/** Names that turn, hide or forge what stands around them: no names at all. */
export const NO_NAMES = ["a\u0000b", "a\u202eb", "a\u2066b", "a\nb", "\u200b", " ", "x".repeat(65)];
