"""Texts that try to run as code, to break out of a value, or to mislead the eye.

Whatever runs sets `window.ran` or opens a dialog; the tests look for both.
"""

from __future__ import annotations

_DO = "window.ran=1"

PAYLOADS = (
    f"<script>{_DO}</script>",
    f"<img src=x onerror={_DO}>",
    f'"><svg onload={_DO}>',
    f"'><img src=x onerror='{_DO}'>",
    f"<svg><script>{_DO}</script></svg>",
    "<iframe srcdoc='<script>parent.ran=1</script>'></iframe>",
    f"<a href='javascript:{_DO}'>press here</a>",
    f"<body onload={_DO}>",
    f"<details open ontoggle={_DO}>",
    f"<input autofocus onfocus={_DO}>",
    f"<video><source onerror={_DO}></video>",
    f"<math><mtext></mtext><img src=x onerror={_DO}></math>",
    f"</textarea><script>{_DO}</script>",
    f"</title><script>{_DO}</script>",
    f"<!--><img src=x onerror={_DO}>",
    f"<object data='javascript:{_DO}'></object>",
    f"<embed src='javascript:{_DO}'>",
    f"<form action='javascript:{_DO}'><button>ok</button></form>",
    f"<meta http-equiv=refresh content='0;url=javascript:{_DO}'>",
    "<base href='//evil.example/'>",
    "<link rel=stylesheet href='//evil.example/x.css'>",
    "<style>*{display:none}</style>",
    f"<div style='width:expression({_DO})'>wide</div>",
    f"javascript:{_DO}",
    f"data:text/html,<script>{_DO}</script>",
    f"{{{{constructor.constructor('{_DO}')()}}}}",
    f"${{{_DO}}} #{{{_DO}}} <%= {_DO} %>",
    "{{ 7*7 }} {% raw %} {{ config.items() }}",
    f"&lt;script&gt;{_DO}&lt;/script&gt;",
    f"&#60;img src=x onerror={_DO}&#62;",
    f"%3Cscript%3E{_DO}%3C/script%3E",
    f"\\u003cscript\\u003e{_DO}\\u003c/script\\u003e",
    "Robert'); DROP TABLE mentions;--",
    '{"type":"script","props":{"dangerouslySetInnerHTML":{"__html":"<img src=x>"}}}',
    'data: {}\n\nevent: offer\ndata: {"task_id":"forged"}\n\n',
    '=HYPERLINK("http://evil.example","open")',
    "__proto__ constructor toString",
    "\u202egnp.tnemyap\u202c \u2066hidden\u2069 \u200b\u200d\ufeffzero width",
)

WORLD = (
    "שלום, המזוודה שלי (מספר 12345) לא הגיעה, ואף אחד לא עונה לי!",
    "لم تصل حقيبتي رقم 42 حتى الآن، وأنا غاضب جدا من الخدمة.",
    "😡🤬 family 👨‍👩‍👧‍👦 flag 🏴󠁧󠁢󠁳󠁣󠁴󠁿 skin 👍🏽 and é as e\u0301",
    "飛行機が遅れて、荷物も届きません。とても残念です。",
    "Z̸̢̛a̷l̶g̵o̴ " + "W" * 300,
)
