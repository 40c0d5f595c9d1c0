"""Why a video cannot be encoded: stable codes, and what people are told."""

from __future__ import annotations


class EncodeError(Exception):
    """`code` is one of PERMANENT (the file is at fault) or TRANSIENT (the next attempt may do)."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code = code
        self.detail = detail


PERMANENT = {
    "empty_file": "빈 파일입니다. 원본을 확인한 뒤 다시 올려 주세요.",
    "not_a_video": "동영상 파일이 아닙니다. 확장자만 바뀐 파일인지 확인해 주세요.",
    "truncated_file": "파일이 끝까지 저장되지 않았습니다. 원본을 재생해 보고 다시 올려 주세요.",
    "no_video_stream": "영상이 없는 파일입니다. 소리만 있는 파일은 올릴 수 없습니다.",
    "unsupported_codec": "지원하지 않는 영상 형식입니다. MP4(H.264)로 변환해 다시 올려 주세요.",
    "too_short": "재생 시간이 너무 짧은 영상입니다.",
    "too_long": "12시간이 넘는 영상은 나누어 올려 주세요.",
    "too_large_picture": "해상도가 너무 큰 영상입니다. 4K 이하로 변환해 다시 올려 주세요.",
    "raw_missing": "원본 파일이 저장소에 없습니다. 다시 올려 주세요.",
}
TRANSIENT = {
    "encoder_failed": "인코딩 프로그램이 중단되었습니다.",
    "encoder_stalled": "인코딩이 진행되지 않아 중단했습니다.",
    "gate_failed": "결과 영상이 검사를 통과하지 못했습니다.",
    "storage_unavailable": "저장소에 연결할 수 없습니다.",
    "no_space": "인코더의 디스크 공간이 부족합니다.",
    "lease_lost": "인코더가 응답하지 않습니다.",
}
