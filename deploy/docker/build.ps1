# build.ps1 [service …]: build.sh for Windows, which runs it in the bash that comes with Git, so that there is one truth.
# Settings are the same variables: $env:PYTHON_IMAGE, $env:TAG, $env:REGISTRY, $env:PLATFORMS, …
$ErrorActionPreference = 'Stop'
$git = Get-Command git -ErrorAction SilentlyContinue
if (-not $git) { Write-Error '빌드: git이 없습니다. Git for Windows를 설치하세요 (bash가 함께 설치됩니다).' }
# not the bash of System32: that one is WSL's, which sees other paths and another docker
$bash = @('..\bin\bash.exe', '..\..\bin\bash.exe', '..\usr\bin\bash.exe') |
    ForEach-Object { Join-Path (Split-Path $git.Source) $_ } | Where-Object { Test-Path $_ } | Select-Object -First 1
if (-not $bash) { $bash = (Get-Command bash -CommandType Application -ErrorAction SilentlyContinue).Source }
if (-not $bash) { Write-Error '빌드: Git for Windows의 bash를 찾지 못했습니다. 다시 설치하거나 PATH에 bash를 두세요.' }
$env:MSYS_NO_PATHCONV = '1'  # or Git's bash would rewrite the paths that docker is given
& $bash (Join-Path $PSScriptRoot 'build.sh').Replace('\', '/') @args
exit $LASTEXITCODE
