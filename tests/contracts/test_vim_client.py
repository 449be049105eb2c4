"""A real Vim against `/infill`, by the means llama.vim has: `json_encode`, a job of curl, patterns, `json_decode`.

The plug-in itself comes from no package registry; what it sends and asks of the answer is done here by Vim itself.
"""

import asyncio
import json
from pathlib import Path

from andiron_models.types import InfillRequest
from andiron_testing.daemons import TOKEN
from andiron_testing.dialects import Place

SCRIPT = r"""
let g:answer = ''
let s:fields = ['content', 'timings/prompt_n', 'timings/predicted_per_second', 'truncated', 'tokens_cached']
let s:extra = [{'text': "VAT = 'ä'\n", 'time': reltime(), 'filename': 'price.py'}]
let s:request = json_encode({'id_slot': 0, 'input_prefix': "def add(a, b):\n", 'input_suffix': "\nprint(add(1, 2))\n",
  \ 'input_extra': s:extra, 'prompt': '    return ', 'n_predict': 128, 'stop': [], 'n_indent': 4, 'top_k': 40,
  \ 'top_p': 0.90, 'samplers': ['top_k', 'top_p', 'infill'], 'stream': v:false, 'cache_prompt': v:true,
  \ 't_max_prompt_ms': 500, 't_max_predict_ms': 1000, 'response_fields': s:fields})
func! OnOut(job, data)
  let g:answer = a:data
endfunc
let s:job = job_start(['curl', '--silent', '--no-buffer', '--request', 'POST', '--url', $ANDIRON_TRIED . '/infill',
  \ '--header', 'Content-Type: application/json', '--data', '@-', '--header', 'Authorization: Bearer ' . $ANDIRON_KEY],
  \ {'out_cb': 'OnOut'})
call ch_sendraw(job_getchannel(s:job), s:request)
call ch_close_in(job_getchannel(s:job))
while job_status(s:job) ==# 'run' || g:answer ==# ''
  sleep 10m
endwhile
let s:told = {'looks_right': g:answer =~# '^\s*{' && g:answer =~# '"content"\s*:"', 'answer': json_decode(g:answer)}
call writefile([json_encode(s:told)], $ANDIRON_TOLD)
qa!
"""


async def test_vim_gets_a_suggestion_it_accepts(place: Place, tmp_path: Path) -> None:
    place.backend.enqueue("a + b")
    script, told = tmp_path / "try.vim", tmp_path / "told.json"
    await asyncio.to_thread(script.write_text, SCRIPT, encoding="utf-8")
    vim = await asyncio.create_subprocess_exec(
        *("vim", "-e", "-s", "-N", "-u", "NONE", "-S", str(script)),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
        env={
            "PATH": "/usr/bin:/bin",
            "LC_ALL": "C.UTF-8",
            "ANDIRON_TRIED": place.url,
            "ANDIRON_KEY": TOKEN,
            "ANDIRON_TOLD": str(told),
        },
    )
    try:
        async with asyncio.timeout(30):
            await vim.wait()
    finally:
        if vim.returncode is None:
            vim.kill()
            await vim.wait()
    found = json.loads(await asyncio.to_thread(told.read_text, encoding="utf-8"))
    assert found["looks_right"]
    assert found["answer"]["content"] == "a + b"
    assert set(found["answer"]) >= {"timings/prompt_n", "tokens_cached", "truncated"}
    asked = place.backend.requests[0]
    assert isinstance(asked, InfillRequest)
    assert asked.prefix == "def add(a, b):\n    return "
